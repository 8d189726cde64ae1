import { evaluate, input, toArray, topologicalOrder } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { describe, expect, it } from 'vitest'
import { encodeModel } from '../../src/schema/codec.ts'
import { int64, model, random } from './build.ts'
import type { Graph } from './build.ts'
import { constantOf, read, refusal } from './run.ts'

const x = { shape: [2, 3], data: [1, -2, 3, -4, 5, -6] }
const scalar = (value: number, type: 'int64' | 'bool' | 'float' = 'int64') => ({ type, shape: [], data: [value] })

const run = (graph: Graph, opset = 17): unknown =>
  toArray(evaluate(read(model(graph, opset)).apply({}, { x: constantOf(x) })['y'] as Tensor))

const branch = (op: string): Graph => ({ nodes: [{ op, inputs: ['x'], outputs: [`${op}.y`] }], outputs: [`${op}.y`] })

const chosen = (condition: { readonly inputs: readonly string[]; readonly op: string }, weights: NonNullable<Graph['weights']>): Graph => ({
  nodes: [
    { ...condition, outputs: ['c'] },
    {
      op: 'If',
      inputs: ['c'],
      outputs: ['y'],
      attributes: { then_branch: { graph: branch('Relu') }, else_branch: { graph: branch('Neg') } },
    },
  ],
  inputs: { x: { shape: [2, 3] } },
  outputs: ['y'],
  weights,
})

describe('control flow', () => {
  it('takes the branch of a known condition', () => {
    const weights = { a: scalar(1), b: scalar(2) }
    expect(run(chosen({ op: 'Less', inputs: ['a', 'b'] }, weights))).toEqual([
      [1, 0, 3],
      [0, 5, 0],
    ])
    expect(run(chosen({ op: 'Equal', inputs: ['a', 'b'] }, weights))).toEqual([
      [-1, 2, -3],
      [4, -5, 6],
    ])
  })

  it('picks between both branches of a condition that depends on data', () => {
    const graph = chosen({ op: 'Less', inputs: ['total', 'b'] }, { b: scalar(0, 'float') })
    const total = { op: 'ReduceSum', inputs: ['x'], outputs: ['total'], attributes: { keepdims: 0 } }
    expect(run({ ...graph, nodes: [total, ...graph.nodes] })).toEqual([
      [1, 0, 3],
      [0, 5, 0],
    ])
  })

  const body: Graph = {
    nodes: [
      { op: 'Identity', inputs: ['go'], outputs: ['goes'] },
      { op: 'Add', inputs: ['state', 'x'], outputs: ['next'] },
      { op: 'ReduceSum', inputs: ['next'], outputs: ['total'], attributes: { keepdims: 0 } },
    ],
    inputs: { i: { type: 'int64', shape: [] }, go: { type: 'bool', shape: [] }, state: { shape: [2, 3] } },
    outputs: ['goes', 'next', 'total'],
  }

  it('writes the turns of a loop out', () => {
    const nodes = [{ op: 'Loop', inputs: ['count', 'true', 'x'], outputs: ['last', 'y'], attributes: { body: { graph: body } } }]
    const weights = { count: scalar(3), true: scalar(1, 'bool') }
    expect(run({ nodes, inputs: { x: { shape: [2, 3] } }, outputs: ['y'], weights })).toEqual([-6, -9, -12])
  })

  it('walks a scan', () => {
    const step: Graph = {
      nodes: [
        { op: 'Add', inputs: ['state', 'row'], outputs: ['next'] },
        { op: 'Identity', inputs: ['next'], outputs: ['shown'] },
      ],
      inputs: { state: { shape: [3] }, row: { shape: [3] } },
      outputs: ['next', 'shown'],
    }
    const nodes = [{ op: 'Scan', inputs: ['zero', 'x'], outputs: ['last', 'y'], attributes: { body: { graph: step }, num_scan_inputs: 1 } }]
    const graph = { nodes, inputs: { x: { shape: [2, 3] } }, outputs: ['y'], weights: { zero: { shape: [3], data: [0, 0, 0] } } }
    expect(run(graph)).toEqual([
      [1, -2, 3],
      [-3, 3, -3],
    ])
  })

  it('keeps sequences as lists', () => {
    const nodes = [
      { op: 'SplitToSequence', inputs: ['x'], outputs: ['parts'], attributes: { axis: 1, keepdims: 1 } },
      { op: 'SequenceAt', inputs: ['parts', 'one'], outputs: ['part'] },
      { op: 'SequenceInsert', inputs: ['parts', 'part'], outputs: ['more'] },
      { op: 'ConcatFromSequence', inputs: ['more'], outputs: ['y'], attributes: { axis: 1 } },
    ]
    expect(run({ nodes, inputs: { x: { shape: [2, 3] } }, outputs: ['y'], weights: { one: scalar(1) } })).toEqual([
      [1, -2, 3, -2],
      [-4, 5, -6, 5],
    ])
  })

  it('maps and shortens sequences', () => {
    const body: Graph = {
      nodes: [{ op: 'Add', inputs: ['part', 'b'], outputs: ['moved'] }],
      inputs: { part: { shape: [2, 1] }, b: { shape: [] } },
      outputs: ['moved'],
    }
    const nodes = [
      { op: 'SplitToSequence', inputs: ['x'], outputs: ['parts'], attributes: { axis: 1, keepdims: 1 } },
      { op: 'SequenceErase', inputs: ['parts', 'one'], outputs: ['fewer'] },
      { op: 'SequenceMap', inputs: ['fewer', 'ten'], outputs: ['moved.all'], attributes: { body: { graph: body } } },
      { op: 'ConcatFromSequence', inputs: ['moved.all'], outputs: ['y'], attributes: { axis: 1 } },
    ]
    expect(run({ nodes, inputs: { x: { shape: [2, 3] } }, outputs: ['y'], weights: { one: scalar(1), ten: scalar(10, 'float') } })).toEqual(
      [
        [11, 13],
        [6, 4],
      ],
    )
  })

  it('knows whether an optional value is there', () => {
    const nodes = [
      { op: 'Optional', inputs: ['x'], outputs: ['maybe'] },
      { op: 'OptionalHasElement', inputs: ['maybe'], outputs: ['there'] },
      { op: 'OptionalGetElement', inputs: ['maybe'], outputs: ['value'] },
      {
        op: 'If',
        inputs: ['there'],
        outputs: ['y'],
        attributes: { then_branch: { graph: branch('Neg') }, else_branch: { graph: branch('Relu') } },
      },
    ]
    expect(run({ nodes, inputs: { x: { shape: [2, 3] } }, outputs: ['y'] }, 18)).toEqual([
      [-1, 2, -3],
      [4, -5, 6],
    ])
  })

  it('walks a scan of operator set 8 for each example of a batch', () => {
    const step: Graph = {
      nodes: [
        { op: 'Add', inputs: ['state', 'row'], outputs: ['next'] },
        { op: 'Identity', inputs: ['next'], outputs: ['shown'] },
      ],
      inputs: { state: { shape: [] }, row: { shape: [] } },
      outputs: ['next', 'shown'],
    }
    const nodes = [
      { op: 'Scan', inputs: ['', 'zero', 'x'], outputs: ['last', 'y'], attributes: { body: { graph: step }, num_scan_inputs: 1 } },
    ]
    const graph = { nodes, inputs: { x: { shape: [2, 3] } }, outputs: ['y'], weights: { zero: { shape: [2], data: [0, 10] } } }
    expect(run(graph, 8)).toEqual([
      [1, -1, 2],
      [6, 11, 5],
    ])
  })

  it('refuses a loop that never ends', () => {
    const nodes = [{ op: 'Loop', inputs: ['', 'true', 'x'], outputs: ['last', 'y'], attributes: { body: { graph: body } } }]
    const graph = { nodes, inputs: { x: { shape: [2, 3] } }, outputs: ['y'], weights: { true: scalar(1, 'bool') } }
    expect(refusal(model(graph))).toMatch(/^OnnxLimitError: .*(turns|nodes)/)
  })
})

describe('local functions', () => {
  it('are inlined, with the attributes of the call', () => {
    const bytes = encodeModel({
      irVersion: 8n,
      opsetImport: [
        { domain: '', version: 17n },
        { domain: 'own', version: 1n },
      ],
      graph: {
        node: [{ opType: 'Leak', domain: 'own', input: ['x'], output: ['y'], attribute: [{ name: 'slope', type: 1, f: 0.5 }] }],
        initializer: [],
        input: [{ name: 'x', type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 2n }, { dimValue: 3n }] } } } }],
        output: [{ name: 'y' }],
      },
      functions: [
        {
          name: 'Leak',
          domain: 'own',
          input: ['a'],
          output: ['b'],
          attribute: ['slope'],
          opsetImport: [{ domain: '', version: 17n }],
          node: [{ opType: 'LeakyRelu', input: ['a'], output: ['b'], attribute: [{ name: 'alpha', type: 1, refAttrName: 'slope' }] }],
        },
      ],
    } as never)
    const y = read(bytes).apply({}, { x: constantOf(x) })['y'] as Tensor
    expect(toArray(evaluate(y))).toEqual([
      [1, -1, 3],
      [-2, 5, -3],
    ])
  })
})

describe('shapes', () => {
  // What exporters write for x.view(x.size(0), -1): a chain of Shape, Gather, Unsqueeze and Concat.
  const graph: Graph = {
    nodes: [
      { op: 'Shape', inputs: ['x'], outputs: ['shape'] },
      { op: 'Gather', inputs: ['shape', 'zero'], outputs: ['batch'] },
      { op: 'Unsqueeze', inputs: ['batch', 'axes'], outputs: ['batches'] },
      { op: 'Concat', inputs: ['batches', 'rest'], outputs: ['target'], attributes: { axis: 0 } },
      { op: 'Reshape', inputs: ['x', 'target'], outputs: ['y'] },
    ],
    inputs: { x: { shape: ['batch', 2, 3] } },
    outputs: ['y'],
    weights: { zero: scalar(0), axes: int64(0), rest: int64(-1) },
  }

  it('computed in the graph disappear', () => {
    const { inputs, outputs, apply } = read(model(graph), { dims: { batch: 4 } })
    expect(inputs).toEqual([{ name: 'x', shape: [4, 2, 3], dtype: 'float32' }])
    expect(outputs).toEqual([{ name: 'y', shape: [4, 6], dtype: 'float32' }])
    const y = apply({}, { x: input('x', [4, 2, 3]) })['y'] as Tensor
    expect(topologicalOrder([y]).map(({ op }) => op)).toEqual(['input', 'reshape'])
  })

  it('follow the inputs where the file leaves them free', () => {
    const { apply } = read(model(graph), { dims: { batch: 4 } })
    expect(apply({}, { x: constantOf(random([7, 2, 3])) })['y']?.shape).toEqual([7, 6])
  })

  it('must be bound', () => {
    expect(refusal(model(graph))).toMatchInlineSnapshot(
      `"OnnxOptionError: input 'x' has shape [batch, 2, 3]: bind 'batch' with { dims: { 'batch': 1 } }"`,
    )
    expect(refusal(model(graph), { shapes: { x: [4, 2, 5] } })).toMatchInlineSnapshot(
      `"OnnxOptionError: input 'x' has shape [batch, 2, 3]; axis 2 is fixed and cannot be 5"`,
    )
  })
})
