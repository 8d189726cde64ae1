import { describe, expect, test } from 'vitest'
import { grad } from '@grad-ts/autodiff'
import { optimizeGraph, passNames } from '@grad-ts/onnx'
import type { PassName } from '@grad-ts/onnx'
import { opExamples } from '@grad-ts/testkit'
import {
  add,
  barrier,
  broadcastTo,
  cast,
  concat,
  div,
  input,
  isFloat,
  matmul,
  mul,
  neg,
  opNames,
  pow,
  reshape,
  runGraph,
  scalar,
  sub,
  sum,
  swapAxes,
  tanh,
  topologicalOrder,
  trace,
  transpose,
  where,
  zeros,
} from '@grad-ts/tensor'
import type { Constant, Graph, OpName, Tensor } from '@grad-ts/tensor'

const opsOf = (graph: Graph): OpName[] =>
  topologicalOrder([graph.outputs as Tensor])
    .map(({ op }) => op)
    .filter((op) => op !== 'input' && op !== 'constant')

const expectSame = (actual: Constant, expected: Constant, tolerance: number): void => {
  expect([actual.shape, actual.dtype]).toEqual([expected.shape, expected.dtype])
  expected.attributes.data.forEach((value, i) => {
    const other = actual.attributes.data[i] as number
    expect(
      value === other ||
        (Number.isNaN(value) && Number.isNaN(other)) ||
        Math.abs(value - other) <= tolerance * Math.max(1, Math.abs(value)),
    ).toBe(true)
  })
}

const runs = (graph: Graph, operands: readonly Constant[]): Constant => runGraph(graph, operands as never) as unknown as Constant

describe.each([...passNames.map((name) => [name, [name]] as const), ['all', passNames] as const])('pass %s', (_, passes) => {
  test.each(opNames)('keeps the numbers of %s, and of its gradient', (op) => {
    for (const { apply, operands, forwardOnly } of opExamples[op]) {
      const forward = trace((...given: readonly Tensor[]) => apply(...given), operands) as Graph
      expectSame(runs(optimizeGraph(forward, passes), operands), runs(forward, operands), 0)
      const [first] = operands
      if (forwardOnly === true || first === undefined || !isFloat(first.dtype) || !isFloat((forward.outputs as Tensor).dtype)) continue
      const backward = trace(
        (...given: readonly Tensor[]) => grad((x: Tensor) => sum(mul(apply(x, ...given.slice(1)), 1.5)))(given[0] as Tensor),
        operands,
      ) as Graph
      expectSame(runs(optimizeGraph(backward, passes), operands), runs(backward, operands), 1e-6)
    }
  })
})

const x = input('x', [3, 4])
const square = input('square', [4, 4])

// What each pass is for: a graph before, and the ops that are left after.
const effects: readonly (readonly [PassName, string, Tensor, readonly OpName[]])[] = [
  ['identities', 'a reshape to the same shape', reshape(x, [3, 4]), []],
  ['identities', 'a cast to the same dtype', cast(x, 'float32'), []],
  ['identities', 'a concatenation of one', concat([x], 0), []],
  ['constants', 'arithmetic on constants', mul(x, div(add(scalar(1), scalar(2)), scalar(4))), ['mul']],
  ['algebra', 'x + 0', add(x, 0), []],
  ['algebra', 'x + zeros', add(x, zeros([3, 4])), []],
  ['algebra', '1 · x', mul(scalar(1), x), []],
  ['algebra', 'x · 1, repeated to a larger shape', mul(input('row', [4]), broadcastTo(scalar(1), [3, 4])), ['broadcastTo']],
  ['algebra', '−(−x)', neg(neg(x)), []],
  ['algebra', 'x + (−y)', add(x, neg(tanh(x))), ['tanh', 'sub']],
  ['algebra', 'x − (−y)', sub(x, neg(tanh(x))), ['tanh', 'add']],
  ['algebra', 'x / 4', div(x, 4), ['mul']],
  ['algebra', 'x / 3 stays a division', div(x, 3), ['div']],
  ['algebra', 'x²', pow(x, 2), ['mul']],
  ['algebra', 'a choice that is known', where(broadcastTo(scalar(true), [3, 4]), x, tanh(x)), []],
  ['algebra', 'two transposes that undo each other', transpose(transpose(input('y', [2, 3, 4]), [2, 0, 1]), [1, 2, 0]), ['transpose']],
  ['broadcasts', 'a repeated operand', add(x, broadcastTo(input('row', [4]), [3, 4])), ['add']],
  ['broadcasts', 'an operand that gives the shape stays', add(broadcastTo(input('row', [4]), [3, 4]), 1), ['broadcastTo', 'add']],
  ['transposes', 'Aᵀ·B', matmul(swapAxes(square, 0, 1), square), ['matmul']],
  ['transposes', '(A·B)ᵀ', swapAxes(matmul(x, square), 0, 1), ['matmul']],
  [
    'transposes',
    'a sum of products over the batch',
    sum(matmul(input('a', [5, 3, 2]), input('b', [5, 3, 4]), { transposeA: true }), { axes: [0] }),
    ['reshape', 'reshape', 'matmul', 'reshape'],
  ],
  ['common', 'the same op twice', mul(tanh(x), tanh(x)), ['tanh', 'mul']],
  ['common', 'equal constants', add(mul(x, scalar(3)), mul(x, scalar(3))), ['mul', 'add']],
  ['common', 'work behind a barrier is not shared', mul(tanh(x), tanh(barrier(x, tanh(x)))), ['tanh', 'barrier', 'tanh', 'mul']],
]

test.each(effects)('%s: %s', (pass, _, output, left) => {
  expect(opsOf(optimizeGraph({ inputs: null, outputs: output }, [pass]))).toEqual(left)
})

test('what no output needs is left out', () => {
  const graph = trace(
    (a: Tensor) => {
      tanh(a)
      return neg(a)
    },
    [scalar(1)],
  ) as Graph
  expect(opsOf(optimizeGraph(graph))).toEqual(['neg'])
})
