import { add, evaluate, matmul, mul, ones, relu, sub, tensor, toArray, zeros } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { describe, expect, it } from 'vitest'
import { cutAt, lora, replaceHead, toOnnxOrThrow } from '../../src/index.ts'
import type { Adapters, NamedTensors, OnnxModel } from '../../src/index.ts'
import { model, random } from '../import/build.ts'
import type { Graph } from '../import/build.ts'
import { constantOf, read } from '../import/run.ts'

const network: Graph = {
  nodes: [
    { op: 'Gemm', name: '/fc1', inputs: ['x', 'fc1.weight', 'fc1.bias'], outputs: ['h'], attributes: { transB: 1 } },
    { op: 'Relu', name: '/act', inputs: ['h'], outputs: ['features'] },
    { op: 'Gemm', name: '/fc2', inputs: ['features', 'fc2.weight', 'fc2.bias'], outputs: ['logits'], attributes: { transB: 1 } },
    { op: 'Softmax', name: '/soft', inputs: ['logits'], outputs: ['y'] },
  ],
  inputs: { x: { shape: ['batch', 3] } },
  outputs: { y: { shape: ['batch', 2] } },
  weights: { 'fc1.weight': random([4, 3]), 'fc1.bias': random([4], 2), 'fc2.weight': random([2, 4], 3), 'fc2.bias': random([2], 4) },
}

const x = constantOf(random([5, 3], 9))
const run = ({ apply, params }: OnnxModel, name: string): unknown => toArray(apply(params, { x })[name] as Tensor)
const source = read(model(network), { dims: { batch: 5 } })

describe('cutAt', () => {
  it('ends the model at another tensor', () => {
    const cut = cutAt(source, 'features')
    expect(Object.keys(cut.params)).toEqual(['fc1.weight', 'fc1.bias'])
    expect(cut.outputs).toEqual([{ name: 'features', shape: [5, 4], dtype: 'float32' }])
    const again = read(toOnnxOrThrow(cut, cut.params), { dims: { batch: 5 } })
    expect(again.source.stored.graph.nodes.map(({ name }) => name)).toEqual(['/fc1', '/act'])
    expect(run(again, 'features')).toEqual(run(cut, 'features'))
  })

  it('keeps the choice of trainable weights that are left', () => {
    const chosen = read(model(network), { dims: { batch: 5 }, trainable: ['fc1.bias', 'fc2.*'] })
    expect(Object.keys(cutAt(chosen, 'features').params)).toEqual(['fc1.bias'])
  })

  it('names tensors that are there when one is not', () => {
    expect(() => cutAt(source, 'feature')).toThrowErrorMatchingInlineSnapshot(
      `[OnnxOptionError: cutAt: the graph has no tensor 'feature'; did you mean one of 'features'?]`,
    )
  })
})

describe('replaceHead', () => {
  const params = { kernel: constantOf(random([4, 3], 7)), bias: constantOf(random([3], 8)) }
  const head = (own: typeof params, features: Tensor): Tensor => add(matmul(relu(features), own.kernel), own.bias)

  it.each([9, 11, 13, 17, 18, 20])('appends layers as standard operators of operator set %i', (opset) => {
    const model1 = read(model(network, opset), { dims: { batch: 5 } })
    const replaced = replaceHead(model1, { at: 'features', params, apply: head })
    expect(Object.keys(replaced.params)).toEqual(['fc1.weight', 'fc1.bias', 'head.bias', 'head.kernel'])
    expect(replaced.outputs).toEqual([{ name: 'y', shape: [5, 3], dtype: 'float32' }])
    const trained = Object.fromEntries(
      Object.entries(replaced.params).map(([name, value]) => [name, evaluate(mul(value, 1.5)) as Constant]),
    )
    const again = read(toOnnxOrThrow(replaced, trained), { dims: { batch: 5 } })
    expect(toArray(again.apply({}, { x })['y'] as Tensor)).toEqual(toArray(replaced.apply(trained, { x })['y'] as Tensor))
    // The batch stays free.
    expect(again.apply({}, { x: constantOf(random([2, 3], 1)) })['y']?.shape).toEqual([2, 3])
  })

  it('refuses a name that is taken', () => {
    expect(() =>
      replaceHead(source, { at: 'features', params: { weight: params.bias }, apply: (own, y) => add(y, own.weight), name: 'fc1' }),
    ).toThrowErrorMatchingInlineSnapshot(`[OnnxOptionError: replaceHead: the file has a weight 'fc1.weight'; give the head another name]`)
  })
})

describe('lora', () => {
  const adapted = lora(source.params, (params, inputs: NamedTensors) => source.apply(params, inputs)['y'] as Tensor, {
    rank: 2,
    alpha: 4,
    targets: '*.weight',
  })
  const trained: Adapters = Object.fromEntries(
    Object.entries(adapted.params).map(([name, { a }]) => [name, { a, b: ones((adapted.params[name] as { b: Tensor }).b.shape) }]),
  )

  it('starts at the model', () => {
    expect(toArray(adapted.apply(adapted.params, { x }))).toEqual(run(source, 'y'))
  })

  it('adds a product of low rank', () => {
    const merged = adapted.merge(trained)
    const weight = source.params['fc1.weight'] as Constant
    const change = toArray(sub(merged['fc1.weight'] as Tensor, weight)) as number[][]
    for (const row of change) row.forEach((value, i) => expect(value).toBeCloseTo(change[0]?.[i] as number, 6))
    expect(merged['fc1.bias']).toBe(source.params['fc1.bias'])
  })

  it('gives the same from the merged file', () => {
    const file = read(toOnnxOrThrow(source, adapted.merge(trained)), { dims: { batch: 5 } })
    expect(run(file, 'y')).toEqual(toArray(adapted.apply(trained, { x })))
  })

  it('is written beside the weights too, without a change to the nodes that read them', () => {
    const file = read(toOnnxOrThrow(source, {}, { adapters: { weights: trained, scale: adapted.scale } }), { dims: { batch: 5 } })
    expect(file.source.stored.graph.nodes.slice(-4)).toEqual(source.source.stored.graph.nodes)
    expect(Object.keys(file.params)).toContain('fc1.weight.lora.a')
    expect(run(file, 'y')).toEqual(toArray(adapted.apply(trained, { x })))
  })

  it('is written behind a weight that is the value of a node', () => {
    const nodes = [
      { op: 'Constant', inputs: [], outputs: ['w'], attributes: { value: random([3, 2], 6) } },
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] },
    ]
    const constants = read(model({ nodes, inputs: { x: { shape: [5, 3] } }, outputs: { y: { shape: [5, 2] } } }))
    const own = lora(constants.params, (params, inputs: NamedTensors) => constants.apply(params, inputs)['y'] as Tensor, { rank: 1 })
    const weights = Object.fromEntries(Object.entries(own.params).map(([name, { a, b }]) => [name, { a, b: add(b, 1) }]))
    const file = read(toOnnxOrThrow(constants, {}, { adapters: { weights, scale: own.scale } }))
    expect(run(file, 'y')).toEqual(toArray(own.apply(weights, { x })))
  })

  it('takes trees of weights, and names them by their paths', () => {
    const tree = {
      layers: [
        { kernel: tensor([[1, 2]]), bias: null },
        { kernel: tensor([[3], [4]]), bias: tensor([5]) },
      ],
    }
    const own = lora(tree, ({ layers }, y: Tensor) => matmul(matmul(y, layers[0]!.kernel), layers[1]!.kernel), {
      targets: '*.kernel',
      rank: 1,
    })
    expect(Object.keys(own.params)).toEqual(['layers.0.kernel', 'layers.1.kernel'])
    expect(toArray(own.apply(own.params, tensor([[1]])))).toEqual([[11]])
    const merged = own.merge(Object.fromEntries(Object.entries(own.params).map(([name, { a, b }]) => [name, { a, b: add(b, 1) }])))
    expect(merged.layers[1]?.bias).toBe(tree.layers[1]?.bias)
    expect(toArray(merged.layers[0]!.kernel)).not.toEqual([[1, 2]])
  })

  it('refuses weights that are no matrices', () => {
    expect(() => lora(source.params, () => zeros([]), { targets: 'fc1.bias' })).toThrowErrorMatchingInlineSnapshot(
      `[OnnxOptionError: lora: 'fc1.bias' has the shape [4]; only weights of two or more axes have low-rank updates]`,
    )
  })
})
