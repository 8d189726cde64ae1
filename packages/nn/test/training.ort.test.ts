import { batchNorm, dense, dropout, meanSquaredError, r2Score, relu, sequential } from '@grad-ts/nn'
import { adam } from '@grad-ts/optim'
import { evaluate, key, normal, sum } from '@grad-ts/tensor'
import { evaluateOrThrow, fitOrThrow, fromColumns } from '@grad-ts/trainer'
import { expect, test } from 'vitest'

// 203 rows leave a last batch that is mostly padding, which must not reach the running statistics.
const rows = 203

test('a model with running statistics and dropout learns, and evaluates with what training left', async () => {
  const x = evaluate(normal(key(1), [rows, 3]))
  const data = fromColumns({ x, y: evaluate(sum(x, { axes: 1, keepDims: true })) })
  const model = sequential({
    hidden: dense({ in: 3, out: 32 }),
    norm: batchNorm({ features: 32 }),
    relu,
    dropout: dropout({ rate: 0.1 }),
    out: dense({ in: 32, out: 1 }),
  })
  const task = { model, loss: meanSquaredError, metrics: { r2: r2Score() }, data, device: 'cpu' } as const
  const { params, modelState } = await fitOrThrow({ ...task, solver: adam({ learningRate: 0.02 }), epochs: 30 })
  const { metrics } = await evaluateOrThrow({ ...task, params, modelState })
  expect(metrics['r2']).toBeGreaterThan(0.98)
})
