import * as T from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { example, floats, numbers, values } from './example.ts'
import type { OpExample, OpExamples } from './example.ts'

type Reduce = (x: Tensor, options: { readonly axes?: readonly number[]; readonly keepDims?: boolean }) => Tensor

const reductions = (fn: Reduce): OpExample[] => [
  ...numbers.map((dtype) => example(`${dtype} all`, [values([3, 4], { dtype })], (x) => fn(x as Tensor, {}))),
  example('last axis', [values([2, 3, 4])], (x) => fn(x as Tensor, { axes: [2] })),
  example('outer axes', [values([2, 3, 4])], (x) => fn(x as Tensor, { axes: [0, 2], keepDims: true })),
  example('no axis', [values([3])], (x) => fn(x as Tensor, { axes: [] })),
]

const positions = (fn: (x: Tensor, axis: number, options: { readonly keepDims?: boolean }) => Tensor): OpExample[] => [
  ...numbers.map((dtype) => example(dtype, [values([3, 5], { dtype, low: -9, high: 9 })], (x) => fn(x as Tensor, 1, {}))),
  example(
    'first of equals',
    [
      T.tensor([
        [1, 3, 3],
        [0, 0, 0],
      ]),
    ],
    (x) => fn(x as Tensor, 0, { keepDims: true }),
  ),
]

const integers = (list: readonly number[], shape = [list.length]): Constant => T.tensor(Int32Array.from(list), { shape })

const axisExamples = (fn: (x: Tensor, axis: number) => Tensor): OpExample[] => [
  ...floats.map((dtype) => example(dtype, [values([2, 5], { dtype })], (x) => fn(x as Tensor, 1))),
  example('inner axis', [values([2, 3, 4], { low: -30, high: 30 })], (x) => fn(x as Tensor, 1)),
]

const matrices = (shapes: readonly (readonly [readonly number[], readonly number[], boolean, boolean])[]): OpExample[] =>
  shapes.flatMap(([a, b, transposeA, transposeB]) =>
    floats.map((dtype) =>
      example(
        `${dtype} ${a.join('x')}${transposeA ? 'T' : ''} by ${b.join('x')}${transposeB ? 'T' : ''}`,
        [values(a, { dtype }), values(b, { dtype })],
        (x, y) => T.matmul(x as Tensor, y as Tensor, { transposeA, transposeB }),
      ),
    ),
  )

export const structureExamples: OpExamples<
  | 'input'
  | 'constant'
  | 'sum'
  | 'max'
  | 'min'
  | 'prod'
  | 'argMax'
  | 'argMin'
  | 'softmax'
  | 'logSoftmax'
  | 'cumsum'
  | 'matmul'
  | 'reshape'
  | 'broadcastTo'
  | 'transpose'
  | 'concat'
  | 'slice'
  | 'pad'
  | 'gather'
  | 'scatterAdd'
  | 'gatherAlong'
  | 'scatterAddAlong'
  | 'randomBits'
  | 'topK'
> = {
  input: [example('passed through', [values([2, 3])], (x) => x as Tensor)],
  constant: [
    example('vector', [values([3])], (x) => T.add(x as Tensor, T.tensor([1, 2, 3]))),
    example('alone', [values([1])], () => T.tensor([[1], [2]])),
    example('scalar', [values([3], { dtype: 'float64' })], (x) => T.mul(x as Tensor, 1 / 3)),
  ],
  sum: reductions(T.sum),
  max: reductions(T.max),
  min: reductions(T.min),
  prod: reductions(T.prod),
  argMax: positions((x, axis, options) => T.argMax(x, { axis, ...options })),
  argMin: positions((x, axis, options) => T.argMin(x, { axis, ...options })),
  softmax: axisExamples(T.softmax),
  logSoftmax: axisExamples(T.logSoftmax),
  cumsum: [
    ...numbers.map((dtype) => example(dtype, [values([3, 4], { dtype, low: -9, high: 9 })], (x) => T.cumsum(x as Tensor, { axis: 1 }))),
    ...[true, false].flatMap((exclusive) =>
      [true, false].map((reverse) =>
        example(`exclusive ${exclusive} reverse ${reverse}`, [values([2, 3, 4])], (x) =>
          T.cumsum(x as Tensor, { axis: 1, exclusive, reverse }),
        ),
      ),
    ),
  ],
  matmul: matrices([
    [[2, 3], [3, 4], false, false],
    [[3, 2], [3, 4], true, false],
    [[260, 2], [260, 4], true, false],
    [[2, 3], [4, 3], false, true],
    [[3, 2], [4, 3], true, true],
    [[5, 2, 3], [3, 4], false, false],
    [[5, 2, 3], [4, 3], false, true],
    [[5, 3, 2], [5, 3, 4], true, false],
    [[2, 1, 3, 2], [5, 4, 3], true, true],
    [[2, 3], [5, 3, 4], false, false],
  ]),
  reshape: [
    ...[...numbers, 'bool' as const].map((dtype) => example(dtype, [values([2, 6], { dtype })], (x) => T.reshape(x as Tensor, [3, -1]))),
    example('to a scalar', [values([1, 1])], (x) => T.reshape(x as Tensor, [])),
  ],
  broadcastTo: [...numbers, 'bool' as const].map((dtype) =>
    example(dtype, [values([3, 1], { dtype })], (x) => T.broadcastTo(x as Tensor, [2, 3, 4])),
  ),
  transpose: [...numbers, 'bool' as const].map((dtype) =>
    example(dtype, [values([2, 3, 4], { dtype })], (x) => T.transpose(x as Tensor, [2, 0, 1])),
  ),
  concat: [
    ...[...numbers, 'bool' as const].map((dtype) =>
      example(dtype, [values([2, 3], { dtype }), values([2, 1], { dtype })], (x, y) => T.concat([x as Tensor, y as Tensor], 1)),
    ),
    example('one', [values([2])], (x) => T.concat([x as Tensor], 0)),
  ],
  slice: [
    ...[...numbers, 'bool' as const].map((dtype) =>
      example(dtype, [values([4, 5], { dtype })], (x) => T.slice(x as Tensor, [{ start: 1, end: 3 }, { step: 2 }])),
    ),
    example('reversed', [values([4, 5])], (x) => T.flip(x as Tensor, 1)),
    example('empty', [values([4])], (x) => T.slice(x as Tensor, [{ start: 2, end: 2 }])),
  ],
  pad: [...numbers, 'bool' as const].map((dtype) =>
    example(dtype, [values([2, 3], { dtype })], (x) =>
      T.pad(x as Tensor, [
        [1, 0],
        [2, 3],
      ]),
    ),
  ),
  gather: [
    ...[...numbers, 'bool' as const].map((dtype) =>
      example(dtype, [values([5, 3], { dtype }), integers([4, 0, 0, 2], [2, 2])], (x, i) => T.gather(x as Tensor, i as Tensor)),
    ),
    example('inner axis', [values([2, 5, 3]), integers([1, 1, 4])], (x, i) => T.gather(x as Tensor, i as Tensor, 1)),
  ],
  scatterAdd: [
    ...numbers.map((dtype) =>
      example(dtype, [values([4, 3], { dtype, low: -9, high: 9 }), integers([1, 0, 1, 1])], (x, i) =>
        T.node('scatterAdd', [x as Tensor, i as Tensor], { axis: 0, length: 6 }),
      ),
    ),
    example('inner axis', [values([2, 2, 2, 3]), integers([0, 1, 1, 1], [2, 2])], (x, i) =>
      T.node('scatterAdd', [x as Tensor, i as Tensor], { axis: 1, length: 3 }),
    ),
  ],
  gatherAlong: [...numbers, 'bool' as const].map((dtype) =>
    example(dtype, [values([3, 4], { dtype }), integers([3, 0, 1, 1, 2, 2], [3, 2])], (x, i) =>
      T.takeAlongAxis(x as Tensor, i as Tensor, 1),
    ),
  ),
  scatterAddAlong: numbers.map((dtype) =>
    example(dtype, [values([3, 2], { dtype, low: -9, high: 9 }), integers([3, 0, 1, 1, 2, 2], [3, 2])], (x, i) =>
      T.node('scatterAddAlong', [x as Tensor, i as Tensor], { axis: 1, length: 4 }),
    ),
  ),
  randomBits: [
    example('bits', [T.key(7)], (key) => T.randomBits(key as Tensor, [4, 5])),
    example('one', [T.key(-3)], (key) => T.randomBits(key as Tensor, [])),
  ],
  topK: [
    ...numbers.map((dtype) => example(dtype, [values([3, 6], { dtype, low: -99, high: 99 })], (x) => T.topK(x as Tensor, 3).indices)),
    example('ascending', [T.tensor([[3, 1, 1, 2]])], (x) => T.argSort(x as Tensor)),
    example('first axis', [values([5, 2])], (x) => T.argSort(x as Tensor, { axis: 0, descending: true })),
  ],
}
