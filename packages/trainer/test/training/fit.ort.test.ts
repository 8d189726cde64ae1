import { describe, expect, it } from 'vitest'
import { accuracy, dense, relu, sequential, softmaxCrossEntropyWithIntegerLabels } from '@grad-ts/nn'
import { adam, cosineDecay } from '@grad-ts/optim'
import { key, normal, evaluate, tensor } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { fitOrThrow, fromColumns } from '../../src/index.ts'

const size = 205
const x = evaluate(normal(key(1), [size, 4])) as Constant
const y = tensor(
  Int32Array.from({ length: size }, (_, i) =>
    (x.attributes.data[4 * i] as number) + (x.attributes.data[4 * i + 1] as number) > 0 ? 1 : 0,
  ),
)
const data = fromColumns({ x, y })
const model = sequential({ hidden: dense({ in: 4, out: 8 }), relu, out: dense({ in: 8, out: 2 }) })

describe('fit', () => {
  it('learns', async () => {
    const run = await fitOrThrow({
      model,
      loss: softmaxCrossEntropyWithIntegerLabels,
      metrics: { accuracy: accuracy() },
      data,
      validation: { data },
      solver: adam({ learningRate: cosineDecay({ initValue: 0.02, transitionSteps: 140 }) }),
      epochs: 20,
      device: 'cpu',
    })
    expect(run.loss.length).toBe(140)
    expect(run.history.epochs.at(-1)?.validation?.metrics['accuracy']).toBeGreaterThan(0.95)
  })
})
