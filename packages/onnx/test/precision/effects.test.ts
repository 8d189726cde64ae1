import { expect, test } from 'vitest'
import { grad } from '@grad-ts/autodiff'
import { optimizeGraph, toMixedPrecision } from '@grad-ts/onnx'
import {
  add,
  cast,
  concat,
  div,
  exp,
  gather,
  greater,
  input,
  matmul,
  mul,
  ones,
  relu,
  reshape,
  scan,
  slice,
  softmax,
  sub,
  sum,
  tanh,
  tensor,
  topologicalOrder,
  trace,
  transpose,
  where,
} from '@grad-ts/tensor'
import type { Graph, Tensor } from '@grad-ts/tensor'

const x = input('x', [8, 4])
const w = input('w', [4, 4])
const bias = input('bias', [4])
const blocks = input('blocks', [2, 4, 4])
const table = input('table', [99, 4])
const pack = input('pack', [48])

const mixed = (output: Tensor): Tensor => toMixedPrecision(optimizeGraph({ inputs: null, outputs: output })).outputs

const opsOf = (outputs: readonly Tensor[]): readonly string[] =>
  topologicalOrder(outputs)
    .filter(({ op }) => op !== 'input' && op !== 'constant')
    .map(({ op, dtype }) => `${op} ${dtype}`)

const half = 'cast float16'
const full = 'cast float32'
const rounded = [half, half, 'matmul float16']

// A graph, and its ops in mixed precision, in the order in which they are computed.
const effects: readonly (readonly [string, Tensor, readonly string[]])[] = [
  ['an update stays as it is', sub(w, mul(input('gradient', [4, 4]), 0.1)), ['mul float32', 'sub float32']],
  ['a product', matmul(x, w), [...rounded, full]],
  ['a value is rounded once', matmul(w, w), [half, 'matmul float16', full]],
  ['a product that keeps its precision', matmul(x, w, { precision: 'full' }), ['matmul float32']],
  [
    'a bias before another product',
    matmul(relu(add(matmul(x, w), bias)), w),
    [...rounded, half, 'add float16', 'relu float16', 'matmul float16', full],
  ],
  ['a bias before a loss', sum(add(matmul(x, w), bias)), [...rounded, full, 'add float32', 'sum float32']],
  ['the widest operand wins', matmul(add(matmul(x, w), x), w), [...rounded, full, 'add float32', half, 'matmul float16', full]],
  ['softmax', matmul(softmax(matmul(x, w)), w), [...rounded, full, 'softmax float32', half, 'matmul float16', full]],
  ['what only moves needs no product behind it', reshape(matmul(x, w), [32]), [...rounded, 'reshape float16', full]],
  ['gradients joined', concat([matmul(x, w), matmul(w, w)], 0), [...rounded, 'matmul float16', 'concat float16', full]],
  ['what rounds needs one', mul(matmul(x, w), 0.1), [...rounded, full, 'mul float32']],
  ['a constant in the range', matmul(mul(matmul(x, w), 0.1), w), [...rounded, 'mul float16', 'matmul float16', full]],
  ['a constant below it', matmul(add(matmul(x, w), 1e-9), w), [...rounded, full, 'add float32', half, 'matmul float16', full]],
  ['a constant above it', matmul(add(matmul(x, w), -1e9), w), [...rounded, full, 'add float32', half, 'matmul float16', full]],
  ['a division by a constant', matmul(div(matmul(x, w), 3), w), [...rounded, 'div float16', 'matmul float16', full]],
  ['a division by a small one', matmul(div(matmul(x, w), 3e-6), w), [...rounded, full, 'div float32', half, 'matmul float16', full]],
  [
    'a division by what is computed',
    matmul(div(matmul(x, w), matmul(x, w)), w),
    [...rounded, full, 'div float32', half, 'matmul float16', full],
  ],
  ['a comparison takes what there is', cast(greater(matmul(x, w), 0), 'int32'), [...rounded, 'less bool', 'cast int32']],
  [
    'a condition made a number',
    matmul(mul(matmul(x, w), cast(greater(x, 0), 'float32')), w),
    [...rounded, 'less bool', half, 'mul float16', 'matmul float16', full],
  ],
  ['a choice', matmul(where(greater(x, 0), matmul(x, w), 0), w), ['less bool', ...rounded, 'where float16', 'matmul float16', full]],
  [
    'a value that is moved is rounded before',
    matmul(transpose(blocks, [1, 2, 0]), transpose(blocks, [1, 0, 2])),
    [half, 'transpose float16', 'transpose float16', 'matmul float16', full],
  ],
  [
    'a table that little is taken of is not',
    matmul(gather(table, tensor([0, 1], { dtype: 'int32' })), w),
    ['gather float32', ...rounded, full],
  ],
  [
    'parts of a packed state are rounded together',
    matmul(reshape(slice(pack, [{ end: 32 }]), [8, 4]), reshape(slice(pack, [{ start: 32 }]), [4, 4])),
    [half, 'slice float16', 'reshape float16', 'slice float16', 'reshape float16', 'matmul float16', full],
  ],
  ['what is already float16', cast(matmul(cast(x, 'float16'), cast(w, 'float16')), 'float32'), [...rounded, full]],
  ['a cast to float16 takes a value as it is', cast(matmul(x, w), 'float16'), rounded],
  ['float64 stays', matmul(cast(x, 'float64'), cast(w, 'float64')), ['cast float64', 'cast float64', 'matmul float64']],
]

test.each(effects)('%s', (_, output, ops) => {
  expect(opsOf([mixed(output)])).toEqual(ops)
})

test('the body of a scan computes in mixed precision; what it takes whole is rounded outside', () => {
  const step = (state: Tensor, row: Tensor, kernel: Tensor) => [exp(add(matmul(state, kernel), row)), state] as const
  const run = (kernel: Tensor, rows: Tensor): Tensor =>
    scan((state: Tensor, row: Tensor) => step(state, row, kernel), ones([2, 4]), rows, { unroll: 1 })[1]
  const graph = toMixedPrecision(trace(run, [ones([4, 4]), ones([3, 2, 4])]) as unknown as Graph)
  const node = topologicalOrder([graph.outputs as Tensor]).find(({ op }) => op === 'scan') as Tensor<'scan'>
  const { body } = node.attributes
  expect(node.dtype).toBe('float32')
  expect(node.inputs.map(({ dtype }) => dtype)).toEqual(['float32', 'float32', 'float16'])
  expect(body.inputs.map(({ dtype }) => dtype)).toEqual(['float32', 'float32', 'float16'])
  expect(opsOf(body.outputs)).toEqual([half, 'matmul float16', full, 'add float32', 'exp float32'])
})

test('gradients are products in float16, and what is done to them is not', () => {
  const loss = (kernel: Tensor): Tensor => sum(tanh(matmul(relu(matmul(x, kernel)), w)))
  const output = mixed(sub(w, mul(grad(loss)(w), 0.1)))
  const ops = opsOf([output])
  expect(ops.filter((op) => op.startsWith('matmul'))).toEqual(Array.from({ length: 4 }, () => 'matmul float16'))
  expect(ops.slice(-3)).toEqual([full, 'mul float32', 'sub float32'])
})

test('a graph without products is the same graph', () => {
  const output = exp(add(x, bias))
  expect(toMixedPrecision({ inputs: null, outputs: output }).outputs).toBe(output)
})
