import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import * as optim from '../../src/index.ts'
import type { GradientTransformation } from '../../src/index.ts'
import { relativeDistance, trajectoryOf } from '../trajectory.ts'

interface Recorded {
  readonly learningRate: number
  readonly start: number[][]
  readonly gradients: number[][][]
  readonly cases: readonly {
    readonly name: string
    readonly options: Readonly<Record<string, never>>
    readonly params: readonly number[][]
  }[]
}

// Written by keras/make.py with Keras 3.15.1 in float64.
const recorded = JSON.parse(readFileSync(new URL('keras/optimizers.json', import.meta.url), 'utf8')) as Recorded
const { learningRate } = recorded
const keras = { learningRate, dialect: 'keras' } as const

const ours: Readonly<Record<string, (options: Readonly<Record<string, never>>) => unknown>> = {
  SGD: (options) => optim.sgd({ ...keras, ...options }),
  RMSprop: (options) => optim.rmsprop({ ...keras, ...options }),
  Adagrad: () => optim.adagrad(keras),
  Adadelta: () => optim.adadelta(keras),
  Adam: ({ amsgrad }) => (amsgrad === true ? optim.amsgrad(keras) : optim.adam(keras)),
  AdamW: () => optim.adamw(keras),
  Nadam: () => optim.nadam(keras),
  Adamax: () => optim.adamax(keras),
  Ftrl: (options) =>
    optim.ftrl({ learningRate, l1: options['l1_regularization_strength'] ?? 0, l2: options['l2_regularization_strength'] ?? 0 }),
  Lion: () => optim.lion({ learningRate, weightDecay: 0 }),
  Lamb: () => optim.lamb(keras),
  Adafactor: () => optim.adafactor(keras),
  Muon: (options) => optim.muon({ ...keras, ...options }),
}

describe('the keras dialect gives the numbers of Keras', () => {
  test.each(recorded.cases.map((one) => [`${one.name} ${JSON.stringify(one.options)}`, one] as const))(
    '%s',
    (_, { name, options, params }) => {
      const rule = ours[name]?.(options) as GradientTransformation
      trajectoryOf(rule, recorded.start, recorded.gradients).forEach((got, step) =>
        expect(relativeDistance(got, params[step] as number[])).toBeLessThan(1e-6),
      )
    },
  )
})
