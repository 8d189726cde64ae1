import { toArray } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { InferenceSession, Tensor as Value } from 'onnxruntime-node'
import { add, matmul, mean, mul, evaluate } from '@grad-ts/tensor'
import { describe, expect, it } from 'vitest'
import { cutAt, lora, replaceHead, toOnnxOrThrow } from '../../src/index.ts'
import { model, random } from '../import/build.ts'
import type { Graph } from '../import/build.ts'
import { constantOf, read } from '../import/run.ts'

const network: Graph = {
  nodes: [
    { op: 'Conv', name: '/conv', inputs: ['x', 'conv.weight'], outputs: ['h'], attributes: { pads: [1, 1, 1, 1] } },
    { op: 'Relu', name: '/act', inputs: ['h'], outputs: ['features'] },
    { op: 'GlobalAveragePool', name: '/pool', inputs: ['features'], outputs: ['y'] },
  ],
  inputs: { x: { shape: ['batch', 2, 4, 4] } },
  outputs: { y: { shape: ['batch', 3, 1, 1] } },
  weights: { 'conv.weight': random([3, 2, 3, 3]) },
}

const values = random([2, 2, 4, 4], 9)

const runPlain = async (bytes: Uint8Array): Promise<number[]> => {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 4 })
  const results = await session.run({ x: new Value('float32', Float32Array.from(values.data), values.shape) })
  await session.release()
  return Array.from((results[session.outputNames[0] as string] as Value).data as Float32Array)
}

const flat = (x: Tensor): number[] => (toArray(x) as number[][]).flat(4)

const close = (got: readonly number[], wanted: readonly number[]): void => {
  expect(got.length).toBe(wanted.length)
  got.forEach((value, i) => expect(value).toBeCloseTo(wanted[i] as number, 5))
}

describe('a plain session runs what was written', () => {
  it.each([9, 12, 17, 18, 21])('with a new head, operator set %i', async (opset) => {
    const source = read(model(network, opset), { dims: { batch: 2 } })
    const kernel = constantOf(random([3, 5], 4))
    const head = replaceHead(source, {
      at: 'features',
      params: { kernel },
      apply: (own, x) => add(matmul(mean(x, { axes: [2, 3] }), own.kernel), 1),
    })
    const trained = Object.fromEntries(Object.entries(head.params).map(([name, value]) => [name, evaluate(mul(value, 0.5)) as Constant]))
    close(await runPlain(toOnnxOrThrow(head, trained)), flat(head.apply(trained, { x: constantOf(values) })['y'] as Tensor))
  })

  it('with adapters beside the weights', async () => {
    const source = read(model(network), { dims: { batch: 2 } })
    const adapted = lora(source.params, (params, x: Tensor) => source.apply(params, { x })['y'] as Tensor, { rank: 2 })
    const weights = Object.fromEntries(Object.entries(adapted.params).map(([name, { a, b }]) => [name, { a, b: add(b, 0.5) }]))
    close(
      await runPlain(toOnnxOrThrow(source, {}, { adapters: { weights, scale: adapted.scale } })),
      flat(adapted.apply(weights, constantOf(values))),
    )
  })

  it('cut at an inner tensor', async () => {
    const cut = cutAt(read(model(network), { dims: { batch: 2 } }), 'features')
    close(await runPlain(toOnnxOrThrow(cut, cut.params)), flat(cut.apply({}, { x: constantOf(values) })['features'] as Tensor))
  })
})
