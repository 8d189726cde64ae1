import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accuracy, batchNorm, confusionMatrix, dense, relu, sequential, softmaxCrossEntropyWithIntegerLabels } from '@grad-ts/nn'
import { adam } from '@grad-ts/optim'
import { evaluate, key, normal, slice, tensor, zeros } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { evaluateOrThrow, exportOnnxOrThrow, fit, fitOrThrow, fromColumns, predictOrThrow } from '../../src/index.ts'
import { numbersOf } from './problems.ts'

const size = 37
const x = evaluate(normal(key(3), [size, 4])) as Constant
const y = tensor(Int32Array.from({ length: size }, (_, i) => Number((x.attributes.data[4 * i] as number) > 0)))
const data = fromColumns({ x, y })
// Batch norm has a running state: what is exported and measured must use it.
const model = sequential({ hidden: dense({ in: 4, out: 8 }), norm: batchNorm({ features: 8 }), relu, out: dense({ in: 8, out: 2 }) })
const task = { model, loss: softmaxCrossEntropyWithIntegerLabels, metrics: { accuracy: accuracy() }, data } as const

let folder = ''
let trained: Awaited<ReturnType<typeof train>>
const train = () => fitOrThrow({ ...task, validation: { data }, solver: adam({ learningRate: 0.02 }), epochs: 8, batchSize: 10 })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'use-'))
  trained = await train()
})
afterAll(() => rm(folder, { recursive: true }))

const close = (left: readonly number[], right: readonly number[], tolerance: number): void => {
  expect(left.length).toBe(right.length)
  left.forEach((value, i) => expect(Math.abs(value - (right[i] as number))).toBeLessThan(tolerance))
}

describe('a trained model', () => {
  it('is measured as in training, whatever the batches', async () => {
    const last = trained.history.epochs.at(-1)?.validation
    for (const batchSize of [5, 37, 64]) {
      const found = await evaluateOrThrow({ ...task, params: trained.params, modelState: trained.modelState, batchSize })
      expect(found.loss).toBeCloseTo(last?.loss ?? NaN, 5)
      expect(found.metrics).toEqual(last?.metrics)
    }
  })

  it('predicts in order and without padding, whatever the batches', async () => {
    const { params, modelState } = trained
    const whole = evaluate(model.apply(params, x, { state: modelState })) as Constant
    const batched = await predictOrThrow({ model, params, modelState, inputs: x, batchSize: 8 })
    expect(batched.shape).toEqual([size, 2])
    close(numbersOf(batched), numbersOf(whole), 1e-5)
  })

  it('is exported to a file that plain ONNX Runtime runs at any batch size', async () => {
    const path = join(folder, 'model.onnx')
    await exportOnnxOrThrow(path, { model, params: trained.params, modelState: trained.modelState, inputs: zeros([1, 4]) })
    const session = await InferenceSession.create(path)
    for (const rows of [1, 5, size]) {
      const input = evaluate(slice(x, [{ start: 0, end: rows }])) as Constant
      const results = await session.run({
        [session.inputNames[0] as string]: new OrtTensor('float32', input.attributes.data as Float32Array, [rows, 4]),
      })
      const output = results[session.outputNames[0] as string] as OrtTensor
      expect(output.dims).toEqual([rows, 2])
      const expected = await predictOrThrow({ model, params: trained.params, modelState: trained.modelState, inputs: input })
      close([...(output.data as Float32Array)], numbersOf(expected), 1e-5)
    }
    await session.release()
  })
})

describe('metrics', () => {
  it('must give one number while training', async () => {
    const result = await fit({
      ...task,
      metrics: { confusion: confusionMatrix({ classes: 2 }) },
      solver: adam({ learningRate: 0.02 }),
      epochs: 1,
    })()
    expect(result._tag === 'Left' && result.left).toMatchObject({ tag: 'SettingsError', path: 'metrics.confusion' })
  })
})
