import * as E from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { dense, dropout, meanSquaredError, sequential, tanh } from '@grad-ts/nn'
import { adam } from '@grad-ts/optim'
import { evaluate, key, normal } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { fit, fitOrThrow, fromColumns } from '@grad-ts/trainer'
import type { GradientCheckpointing } from '@grad-ts/trainer'

const values = (seed: number, width: number): Constant => evaluate(normal(key(seed), [96, width])) as Constant

const block = () => [dense({ in: 8, out: 8 }), tanh, dropout({ rate: 0.1 })] as const

const settings = (gradientCheckpointing: GradientCheckpointing) => ({
  model: sequential(...block(), ...block(), ...block(), ...block(), dense({ in: 8, out: 1 })),
  loss: meanSquaredError,
  solver: adam({ learningRate: 1e-2 }),
  data: fromColumns({ x: values(1, 8), y: values(2, 1) }),
  batchSize: 16,
  epochs: 2,
  device: 'cpu' as const,
  threads: 1,
  worker: false,
  gradientCheckpointing,
})

test.each([
  ['one update per run', { stepsPerRun: 1 }],
  ['several updates per run', { stepsPerRun: 3 }],
  ['accumulated gradients', { stepsPerRun: 1, accumulate: 3 }],
])('%s: the losses stay the same', async (_, form) => {
  const plain = await fitOrThrow({ ...settings(false), ...form })
  const saving = await fitOrThrow({ ...settings(true), ...form })
  expect(saving.loss).toHaveLength(plain.loss.length)
  saving.loss.forEach((loss, i) => expect(loss).toBeCloseTo(plain.loss[i] as number, 6))
})

test('a budget that cannot be met ends the run with the least that can, which then can', async () => {
  const refused = await fit(settings({ budget: 1 }))()
  if (E.isRight(refused) || refused.left.tag !== 'MemoryBudgetError') throw new Error('expected a MemoryBudgetError')
  const { loss } = await fitOrThrow(settings({ budget: refused.left.least }))
  expect(loss.at(-1)).toBeCloseTo((await fitOrThrow(settings(false))).loss.at(-1) as number, 6)
})

test('a budget that is none is refused', async () => {
  const refused = await fit(settings({ budget: -1 }))()
  expect(refused).toMatchObject({ left: { tag: 'SettingsError', path: 'gradientCheckpointing.budget' } })
})
