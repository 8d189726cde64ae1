import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { dense, sequential, softmaxCrossEntropyWithIntegerLabels } from '@grad-ts/nn'
import { adam } from '@grad-ts/optim'
import { evaluate, key, normal, tensor } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { evaluateOrThrow, fitOrThrow, fromColumns, predictOrThrow } from '../../src/index.ts'

let cache = ''
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'trainer-cache-'))
})
afterAll(() => rm(cache, { recursive: true }))

const x = evaluate(normal(key(5), [24, 3])) as Constant
const y = tensor(Int32Array.from({ length: 24 }, (_, i) => i % 2))
const data = fromColumns({ x, y })
const task = { model: sequential({ out: dense({ in: 3, out: 2 }) }), loss: softmaxCrossEntropyWithIntegerLabels, data } as const
const train = (learningRate: number) => fitOrThrow({ ...task, cache, solver: adam({ learningRate }), epochs: 1, batchSize: 8 })

it('training, measuring and predicting keep what they compile; the same again adds nothing, another hyperparameter does', async () => {
  const counts: number[] = []
  const count = async (): Promise<void> => void counts.push((await readdir(cache)).length)
  const { params } = await train(0.01)
  await count()
  await evaluateOrThrow({ ...task, params, cache, batchSize: 8 })
  await count()
  await predictOrThrow({ model: task.model, params, inputs: x, cache, batchSize: 8 })
  await count()
  const [afterFit, afterEvaluate, afterPredict] = counts as [number, number, number]
  expect(afterFit).toBeGreaterThan(0)
  expect(afterEvaluate).toBeGreaterThan(afterFit)
  expect(afterPredict).toBeGreaterThan(afterEvaluate)
  await train(0.01)
  expect(await readdir(cache)).toHaveLength(afterPredict)
  await train(0.02)
  expect((await readdir(cache)).length).toBeGreaterThan(afterPredict)
})
