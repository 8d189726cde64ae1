import * as T from '@grad-ts/tensor'
import type { Constant, DType, Tensor } from '@grad-ts/tensor'
import { example, floats, numbers, values } from './example.ts'
import type { OpExample, OpExamples } from './example.ts'

type Unary = (x: Tensor) => Tensor
type Binary = (a: Tensor, b: Tensor) => Tensor
type Range = { readonly low: number; readonly high: number }

const edges = (list: readonly number[]): Constant => T.tensor(Float32Array.from(list))

const unary = (
  fn: Unary,
  dtypes: readonly DType[] = floats,
  range: Range = { low: -2, high: 2 },
  at: readonly number[] = [],
): OpExample[] => [
  ...dtypes.map((dtype) => example(dtype, [values([3, 4], { dtype, ...range })], (x) => fn(x as Tensor))),
  example('scalar', [values([], { dtype: dtypes[0] as DType, ...range })], (x) => fn(x as Tensor)),
  ...(at.length > 0 ? [example('edges', [edges(at)], (x) => fn(x as Tensor), true)] : []),
]

const apart: Range = { low: 0.5, high: 3 }

const binary = (fn: Binary, dtypes: readonly DType[] = numbers, range?: Range): OpExample[] => [
  ...dtypes.map((dtype) =>
    example(dtype, [values([3, 4], { dtype, ...range }), values([3, 4], { dtype, ...range })], (a, b) => fn(a as Tensor, b as Tensor)),
  ),
  example(
    'broadcast',
    [values([3, 1, 2], { dtype: dtypes[0] as DType, ...range }), values([4, 1], { dtype: dtypes[0] as DType, ...range })],
    (a, b) => fn(a as Tensor, b as Tensor),
  ),
  example(
    'scalar',
    [values([2, 3], { dtype: dtypes[0] as DType, ...range }), values([], { dtype: dtypes[0] as DType, ...range })],
    (a, b) => fn(a as Tensor, b as Tensor),
  ),
]

const flags = ['bool'] as const

export const elementwiseExamples: OpExamples<
  | 'identity'
  | 'stopGradient'
  | 'barrier'
  | 'neg'
  | 'abs'
  | 'sign'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sqrt'
  | 'reciprocal'
  | 'sin'
  | 'cos'
  | 'tanh'
  | 'erf'
  | 'erfInv'
  | 'atan'
  | 'sigmoid'
  | 'softplus'
  | 'relu'
  | 'isNaN'
  | 'not'
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'pow'
  | 'maximum'
  | 'minimum'
  | 'mod'
  | 'equal'
  | 'less'
  | 'lessEqual'
  | 'and'
  | 'or'
  | 'where'
  | 'cast'
> = {
  identity: unary(T.identity, [...numbers, 'bool']),
  stopGradient: unary(T.stopGradient, [...numbers, 'bool']),
  barrier: [
    ...numbers.map((dtype) =>
      example(dtype, [values([3], { dtype }), values([2], { dtype })], (x, y) => T.barrier(x as Tensor, y as Tensor)),
    ),
    example('bool', [values([3], { dtype: 'bool' }), values([2])], (x, y) => T.barrier(x as Tensor, y as Tensor)),
  ],
  neg: unary(T.neg, numbers),
  abs: unary(T.abs, numbers),
  sign: unary(T.sign, numbers, undefined, [-0, 0, 3, -3]),
  floor: unary(T.floor, floats),
  ceil: unary(T.ceil, floats),
  round: unary(T.round, floats, undefined, [0.5, 1.5, 2.5, -0.5, -1.5, 1e9]),
  exp: unary(T.exp, floats, undefined, [-200, 0, 100, Infinity, -Infinity, NaN]),
  expm1: unary(T.expm1, floats, undefined, [-200, -20, -1e-6, 1e-9, 0, 1e-4, 0.5, 0.50001, 1, 20, 88, Infinity, -Infinity, NaN]),
  log: unary(T.log, floats, apart, [0, 1, -1, Infinity]),
  log1p: unary(T.log1p, floats, apart, [-1, -0.5, -1e-7, 0, 1e-12, 1e-4, 1, 1e9, Infinity, NaN]),
  sqrt: unary(T.sqrt, floats, apart, [0, 4, Infinity]),
  reciprocal: unary(T.reciprocal, floats, apart, [2, Infinity]),
  sin: unary(T.sin),
  cos: unary(T.cos),
  tanh: unary(T.tanh, floats, undefined, [-30, 1e-7, 30]),
  erf: unary(T.erf, floats, { low: -3, high: 3 }, [-8, -1e-7, 0, 1e-4, 4, 8]),
  erfInv: unary(T.erfInv, floats, { low: -0.99, high: 0.99 }, [-1, -0.9999, 0, 1e-6, 0.9, 1]),
  atan: unary(T.atan),
  sigmoid: unary(T.sigmoid, floats, undefined, [-80, -20, 20, 100]),
  softplus: unary(T.softplus, floats, undefined, [-20, -5, 0, 5, 50, 200]),
  relu: unary(T.relu),
  isNaN: unary(T.isNaN, floats, undefined, [NaN, 0, 1, Infinity]),
  not: unary(T.not, flags),

  add: binary(T.add),
  sub: binary(T.sub),
  mul: [
    ...binary(T.mul),
    example('wraps', [T.tensor(Int32Array.of(2 ** 30, -123456789)), T.tensor(Int32Array.of(7, 987654321))], (a, b) =>
      T.mul(a as Tensor, b as Tensor),
    ),
  ],
  div: [
    ...binary(T.div, numbers, { low: 1, high: 9 }),
    example('toward zero', [T.tensor(Int32Array.of(-7, 7, -7, 5)), T.tensor(Int32Array.of(2, -2, -2, 0))], (a, b) =>
      T.div(a as Tensor, b as Tensor),
    ),
    example('by a number', [T.tensor(Int32Array.of(-7, 7, 9))], (a) => T.div(a as Tensor, 4)),
  ],
  pow: binary(T.pow, floats, apart),
  maximum: binary(T.maximum),
  minimum: binary(T.minimum),
  mod: [
    ...binary(T.mod, numbers, { low: 1, high: 9 }),
    example('signs', [T.tensor(Int32Array.of(-7, 7, -7, 7)), T.tensor(Int32Array.of(3, -3, -3, 3))], (a, b) =>
      T.mod(a as Tensor, b as Tensor),
    ),
    example('float signs', [edges([-7, 7, -7, 7.5]), edges([3, -3, -3, 2])], (a, b) => T.mod(a as Tensor, b as Tensor), true),
  ],
  equal: [...binary(T.equal, [...numbers, 'bool']), example('the same', [T.tensor([1, 2, 3])], (a) => T.equal(a as Tensor, a as Tensor))],
  less: binary(T.less),
  lessEqual: binary(T.lessEqual),
  and: binary(T.and, flags),
  or: binary(T.or, flags),
  where: [...numbers, ...flags].map((dtype) =>
    example(dtype, [values([3, 1], { dtype: 'bool' }), values([3, 4], { dtype }), values([4], { dtype })], (c, a, b) =>
      T.where(c as Tensor, a as Tensor, b as Tensor),
    ),
  ),
  cast: [...numbers, ...flags].flatMap((from) =>
    [...numbers, ...flags].map((to) => example(`${from} to ${to}`, [values([5], { dtype: from })], (x) => T.cast(x as Tensor, to))),
  ),
}
