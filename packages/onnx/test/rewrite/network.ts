import { add, evaluate, matmul, mean, mul, toArray } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { lora, replaceHead } from '../../src/index.ts'
import type { NamedConstants, OnnxModel, WrittenAdapters } from '../../src/index.ts'
import { model, random } from '../import/build.ts'
import type { Graph } from '../import/build.ts'
import { constantOf, read } from '../import/run.ts'

/** A small convolutional network with a free batch. */
export const network: Graph = {
  nodes: [
    { op: 'Conv', name: '/conv', inputs: ['x', 'conv.weight'], outputs: ['h'], attributes: { pads: [1, 1, 1, 1] } },
    { op: 'Relu', name: '/act', inputs: ['h'], outputs: ['features'] },
    { op: 'GlobalAveragePool', name: '/pool', inputs: ['features'], outputs: ['y'] },
  ],
  inputs: { x: { shape: ['batch', 2, 4, 4] } },
  outputs: { y: { shape: ['batch', 3, 1, 1] } },
  weights: { 'conv.weight': random([3, 2, 3, 3]) },
}

export const readNetwork = (opset = 17): OnnxModel => read(model(network, opset), { dims: { batch: 2 } })

export const changed = (params: NamedConstants, factor: number): NamedConstants =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [name, evaluate(mul(value, factor)) as Constant]))

/** The network with a head of two layers that leaves the batch free. */
export const withHead = (opset: number): OnnxModel =>
  replaceHead(readNetwork(opset), {
    at: 'features',
    params: { kernel: constantOf(random([3, 5], 4)) },
    apply: (own, x) => add(matmul(mean(x, { axes: [2, 3] }), own.kernel), 1),
  })

/** Trained adapters of the network, and what it then computes. */
export const withAdapters = (
  source: OnnxModel,
): { readonly adapters: WrittenAdapters; readonly apply: (x: Tensor) => Tensor; readonly merged: NamedConstants } => {
  const adapted = lora(source.params, (params, x: Tensor) => source.apply(params, { x })['y'] as Tensor, { rank: 2 })
  const weights = Object.fromEntries(Object.entries(adapted.params).map(([name, { a, b }]) => [name, { a, b: add(b, 0.5) }]))
  return { adapters: { weights, scale: adapted.scale }, apply: (x) => adapted.apply(weights, x), merged: adapted.merge(weights) }
}

export const flat = (x: Tensor): number[] => (toArray(x) as number[][]).flat(4)
