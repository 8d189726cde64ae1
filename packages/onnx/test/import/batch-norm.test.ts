import { evaluate, toArray } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { describe, expect, it } from 'vitest'
import { toOnnxOrThrow } from '../../src/index.ts'
import { model } from './build.ts'
import type { Graph } from './build.ts'
import { constantOf, read } from './run.ts'

const graph: Graph = {
  nodes: [
    {
      op: 'BatchNormalization',
      inputs: ['x', 'scale', 'bias', 'mean', 'variance'],
      outputs: ['y'],
      attributes: { epsilon: { float: 0 }, momentum: { float: 0.75 } },
    },
  ],
  inputs: { x: { shape: [4, 1] } },
  outputs: { y: { shape: [4, 1] } },
  weights: {
    scale: { shape: [1], data: [2] },
    bias: { shape: [1], data: [1] },
    mean: { shape: [1], data: [4] },
    variance: { shape: [1], data: [4] },
  },
}

// Mean 3, variance 4.
const x = constantOf({ shape: [4, 1], data: [1, 1, 5, 5] })
const flat = (value: Tensor | undefined): unknown => (toArray(value as Tensor) as unknown[]).flat()

describe('batch normalisation', () => {
  it('is read with its running statistics', () => {
    const inference = read(model(graph))
    expect(inference.state).toEqual({})
    expect(Object.keys(inference.frozen)).toEqual(['scale', 'bias', 'mean', 'variance'])
    expect(flat(inference.apply({}, { x })['y'])).toEqual([-2, -2, 2, 2])
  })

  it('as training uses those of the batch and hands the running ones on', () => {
    const training = read(model(graph), { batchNorm: 'training' })
    expect(Object.keys(training.state)).toEqual(['mean', 'variance'])
    const [{ y }, state] = training.applyWithState({}, training.state, { x })
    expect(flat(y)).toEqual([-1, -1, 3, 3])
    expect(flat(state['mean'])).toEqual([3.75])
    expect(flat(state['variance'])).toEqual([4])
    const written = read(
      toOnnxOrThrow(training, Object.fromEntries(Object.entries(state).map(([name, value]) => [name, evaluate(value) as Constant]))),
    )
    expect(flat(written.frozen['mean'])).toEqual([3.75])
  })
})
