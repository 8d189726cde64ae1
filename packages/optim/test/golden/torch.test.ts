import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import * as optim from '../../src/index.ts'
import type { GradientTransformation } from '../../src/index.ts'
import { relativeDistance, trajectoryOf } from '../trajectory.ts'

interface Recorded {
  readonly learningRate: number
  readonly cases: readonly {
    readonly name: 'Adafactor' | 'Muon'
    readonly options: { readonly weight_decay?: number; readonly nesterov?: boolean }
    readonly start: number[][]
    readonly gradients: number[][][]
    readonly params: readonly number[][]
  }[]
}

// Written by torch/make.py with PyTorch 2.13 in float64.
const recorded = JSON.parse(readFileSync(new URL('torch/optimizers.json', import.meta.url), 'utf8')) as Recorded

const ruleOf = ({ name, options: { weight_decay: weightDecay, nesterov = true } }: Recorded['cases'][number]): unknown => {
  const torch = { learningRate: recorded.learningRate, dialect: 'torch' } as const
  if (name === 'Adafactor') return optim.adafactor({ ...torch, weightDecayRate: weightDecay ?? null })
  return optim.muon({ ...torch, nesterov, ...(weightDecay !== undefined && { weightDecay }) })
}

// PyTorch bounds the norm of a matrix below by eps (1e-7), the rule here adds it, which the steps magnify.
const tolerance = { Adafactor: 1e-9, Muon: 1e-4 } as const

describe('the torch dialect gives the numbers of PyTorch', () => {
  test.each(recorded.cases.map((one) => [`${one.name} ${JSON.stringify(one.options)} ${one.start.length} rows`, one] as const))(
    '%s',
    (_, one) => {
      const got = trajectoryOf(ruleOf(one) as GradientTransformation, one.start, one.gradients)
      got.forEach((params, step) => expect(relativeDistance(params, one.params[step] as number[])).toBeLessThan(tolerance[one.name]))
    },
  )
})
