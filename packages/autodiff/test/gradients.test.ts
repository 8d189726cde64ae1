import { describe, expect, test } from 'vitest'
import * as t from '@grad-ts/tensor'
import type { Shape, Tensor } from '@grad-ts/tensor'
import { checkGradient } from '@grad-ts/testkit'
import type { TensorFunction } from '@grad-ts/testkit'

/** Where the random arguments of a case lie. */
type Domain = 'any' | 'positive' | 'unit' | 'above one' | 'distinct'

const draw = (seed: number, shape: Shape, domain: Domain): Tensor => {
  const key = t.key(seed)
  const between = (low: number, high: number): Tensor => t.uniform(key, shape, { low, high, dtype: 'float64' })
  switch (domain) {
    case 'any':
      return t.normal(key, shape, { dtype: 'float64' })
    case 'positive':
      return between(0.3, 2)
    case 'unit':
      return between(-0.8, 0.8)
    case 'above one':
      return between(1.2, 3)
    case 'distinct':
      // No two elements closer than 0.1 and none near an integer, so that no order and no rounding changes under a small step.
      return t.reshape(
        t.add(t.mul(t.cast(t.permutation(key, t.sizeOf(shape)), 'float64'), 0.3), 0.15 - 0.15 * t.sizeOf(shape) + 0.1 * (seed % 2)),
        shape,
      )
  }
}

interface Case {
  readonly fn: TensorFunction
  readonly shapes: readonly Shape[]
  readonly domain?: Domain
  /** 1 for functions whose second derivative is 0 or undefined somewhere near. */
  readonly order?: 1 | 2
}

const int = (...values: number[]): Tensor => t.tensor(Int32Array.from(values))
const unary = (fn: TensorFunction, domain: Domain = 'any', order: 1 | 2 = 2): Case => ({ fn, shapes: [[3, 4]], domain, order })
const binary = (fn: TensorFunction, domain: Domain = 'any'): Case => ({
  fn,
  shapes: [
    [2, 1, 3],
    [4, 1],
  ],
  domain,
})
const bothOrders = { order: 2 } as const
const mask = t.tensor([
  [true, false, true, false],
  [false, true, true, true],
  [true, true, false, false],
])

const elementwise: Record<string, Case> = {
  identity: unary(t.identity),
  neg: unary(t.neg),
  abs: unary(t.abs, 'distinct'),
  exp: unary(t.exp),
  expm1: unary(t.expm1),
  log: unary(t.log, 'positive'),
  log1p: unary(t.log1p, 'positive'),
  sqrt: unary(t.sqrt, 'positive'),
  rsqrt: unary(t.rsqrt, 'positive'),
  square: unary(t.square),
  reciprocal: unary(t.reciprocal, 'positive'),
  sin: unary(t.sin),
  cos: unary(t.cos),
  tan: unary(t.tan, 'unit'),
  asin: unary(t.asin, 'unit'),
  acos: unary(t.acos, 'unit'),
  atan: unary(t.atan),
  sinh: unary(t.sinh),
  cosh: unary(t.cosh),
  tanh: unary(t.tanh),
  asinh: unary(t.asinh),
  acosh: unary(t.acosh, 'above one'),
  atanh: unary(t.atanh, 'unit'),
  erf: unary(t.erf),
  erfInv: unary(t.erfInv, 'unit'),
  sigmoid: unary(t.sigmoid),
  softplus: unary(t.softplus),
  relu: unary(t.relu, 'distinct'),
  logGamma: unary(t.logGamma, 'positive'),
  'logGamma, reflected': unary((x) => t.logGamma(t.sub(t.mul(x, 0.2), 1.5)), 'unit'),
  clamp: unary((x) => t.clamp(x, -0.5, 0.5), 'distinct', 1),
  'rounding and signs': unary((x) => t.mul(x, t.add(t.floor(x), t.add(t.round(x), t.add(t.sign(x), t.ceil(x))))), 'distinct'),
  where: unary((x) => t.where(mask, t.square(x), t.sin(x))),
  add: binary(t.add),
  sub: binary(t.sub),
  mul: binary(t.mul),
  div: binary(t.div, 'positive'),
  pow: binary(t.pow, 'positive'),
  maximum: binary(t.maximum, 'distinct'),
  minimum: binary(t.minimum, 'distinct'),
  mod: { ...binary(t.mod, 'positive'), order: 1 },
  atan2: binary(t.atan2),
  logAddExp: binary(t.logAddExp),
  xLogY: binary(t.xLogY, 'positive'),
}

const reductions: Record<string, Case> = {
  sum: { fn: (x) => t.sum(x, { axes: [0, 2] }), shapes: [[2, 3, 4]] },
  mean: { fn: (x) => t.mean(x, { axes: 1, keepDims: true }), shapes: [[2, 3, 4]] },
  max: { fn: (x) => t.max(x, { axes: 1 }), shapes: [[3, 4]], domain: 'distinct' },
  min: { fn: (x) => t.min(x), shapes: [[3, 4]], domain: 'distinct' },
  prod: { fn: (x) => t.prod(x, { axes: 1 }), shapes: [[3, 4]], ...bothOrders },
  variance: { fn: (x) => t.variance(x, { axes: 0, correction: 1 }), shapes: [[5, 2]], ...bothOrders },
  logSumExp: { fn: (x) => t.logSumExp(x, { axes: [0, 2] }), shapes: [[2, 3, 2]], ...bothOrders },
  norm: { fn: (x) => t.norm(x, { axes: 1 }), shapes: [[3, 4]], ...bothOrders },
  absoluteSum: { fn: (x) => t.absoluteSum(x, { axes: 0 }), shapes: [[3, 4]], domain: 'distinct' },
  softmax: { fn: (x) => t.softmax(x, 1), shapes: [[2, 3, 2]], ...bothOrders },
  logSoftmax: { fn: (x) => t.logSoftmax(x), shapes: [[2, 4]], ...bothOrders },
  cumsum: { fn: (x) => t.cumsum(x, { axis: 0, exclusive: true }), shapes: [[4, 2]] },
  'cumsum, reversed': { fn: (x) => t.cumsum(x, { reverse: true }), shapes: [[2, 4]] },
  cumprod: { fn: (x) => t.cumprod(x), shapes: [[2, 5]], ...bothOrders },
  cummax: { fn: (x) => t.cummax(x, 0), shapes: [[5, 2]], domain: 'distinct' },
  cummin: { fn: (x) => t.cummin(x), shapes: [[2, 5]], domain: 'distinct' },
  logCumSumExp: { fn: (x) => t.logCumSumExp(x), shapes: [[2, 5]], ...bothOrders },
  sort: { fn: (x) => t.sort(x, { descending: true }), shapes: [[3, 4]], domain: 'distinct' },
  topK: { fn: (x) => t.topK(x, 2, { axis: 0, largest: false }).values, shapes: [[4, 3]], domain: 'distinct' },
}

const layouts: Record<string, Case> = {
  reshape: { fn: (x) => t.reshape(x, [4, -1]), shapes: [[2, 6]] },
  broadcastTo: { fn: (x) => t.broadcastTo(x, [2, 3, 4]), shapes: [[3, 1]] },
  transpose: { fn: (x) => t.transpose(x, [2, 0, 1]), shapes: [[2, 3, 4]] },
  swapAxes: { fn: (x) => t.swapAxes(x, 0, 2), shapes: [[2, 3, 4]] },
  'expandDims and squeeze': { fn: (x) => t.squeeze(t.expandDims(x, 1), 1), shapes: [[2, 3]] },
  concat: {
    fn: (x, y) => t.concat([x, y, x], 1),
    shapes: [
      [2, 3],
      [2, 1],
    ],
  },
  stack: {
    fn: (x, y) => t.stack([x, y], 1),
    shapes: [
      [2, 3],
      [2, 3],
    ],
  },
  split: {
    fn: (x) => {
      const [a, b] = t.split(x, [2, 1], 1) as [Tensor, Tensor]
      return t.mul(a, b)
    },
    shapes: [[2, 3]],
    ...bothOrders,
  },
  slice: { fn: (x) => t.slice(x, [{ start: 1 }, { start: 4, step: -2 }]), shapes: [[3, 5]] },
  flip: { fn: (x) => t.flip(x, 1), shapes: [[2, 3]] },
  roll: { fn: (x) => t.roll(x, -1, 1), shapes: [[2, 3]] },
  tile: { fn: (x) => t.tile(x, [2, 1, 3]), shapes: [[2, 3]] },
  repeat: { fn: (x) => t.repeat(x, 2, 1), shapes: [[2, 3]] },
  'repeat by a list': { fn: (x) => t.repeat(x, [0, 3], 0), shapes: [[2, 3]] },
  pad: {
    fn: (x) =>
      t.pad(
        x,
        [
          [1, 0],
          [2, 1],
        ],
        3,
      ),
    shapes: [[2, 3]],
  },
  'pad, reflect': {
    fn: (x) =>
      t.padWith(
        x,
        [
          [0, 0],
          [2, 1],
        ],
        'reflect',
      ),
    shapes: [[2, 3]],
  },
  'pad, edge': {
    fn: (x) =>
      t.padWith(
        x,
        [
          [1, 3],
          [0, 1],
        ],
        'edge',
      ),
    shapes: [[2, 3]],
  },
  'pad, circular': {
    fn: (x) =>
      t.padWith(
        x,
        [
          [2, 1],
          [0, 3],
        ],
        'circular',
      ),
    shapes: [[2, 3]],
  },
  tril: { fn: (x) => t.tril(x, -1), shapes: [[2, 3, 4]] },
  triu: { fn: (x) => t.triu(x, 1), shapes: [[3, 4]] },
  diagonal: { fn: (x) => t.diagonal(x, { offset: -1, axes: [0, 2] }), shapes: [[4, 2, 3]] },
  diagonalMatrix: { fn: t.diagonalMatrix, shapes: [[2, 3]] },
  gather: { fn: (x) => t.gather(x, int(2, 0, 2), 1), shapes: [[2, 3]] },
  scatterAdd: { fn: (x) => t.scatterAdd(x, int(2, 0, 2), { axis: 1, length: 4 }), shapes: [[2, 3]] },
  takeAlongAxis: { fn: (x) => t.takeAlongAxis(x, t.reshape(int(2, 0, 1, 1), [2, 2]), 1), shapes: [[2, 3]] },
  scatterAddAlong: { fn: (x) => t.scatterAddAlong(x, t.reshape(int(2, 0, 2, 2), [2, 2]), { axis: 1, length: 3 }), shapes: [[2, 2]] },
  dropout: { fn: (x) => t.dropout(t.key(5), x, 0.4), shapes: [[3, 4]] },
}

const products: Record<string, Case> = {
  matmul: {
    fn: (a, b) => t.matmul(a, b),
    shapes: [
      [2, 3],
      [3, 4],
    ],
    ...bothOrders,
  },
  'matmul, batched and transposed': {
    fn: (a, b) => t.matmul(a, b, { transposeA: true, transposeB: true }),
    shapes: [
      [2, 1, 3, 2],
      [4, 5, 3],
    ],
    ...bothOrders,
  },
  dot: { fn: t.dot, shapes: [[3], [3]], ...bothOrders },
  outer: { fn: t.outer, shapes: [[3], [2]], ...bothOrders },
  'einsum with a broadcast batch': {
    fn: (a, b) => t.einsum('...ij,...kj->...ik', a, b),
    shapes: [
      [2, 1, 3, 2],
      [4, 5, 2],
    ],
    ...bothOrders,
  },
  'einsum of three': {
    fn: (a, b, c) => t.einsum('ij,jk,ik->k', a, b, c),
    shapes: [
      [2, 3],
      [3, 4],
      [2, 4],
    ],
    ...bothOrders,
  },
  'einsum of a diagonal': { fn: (a) => t.einsum('iij->j', a), shapes: [[3, 3, 2]] },
  determinant: { fn: t.determinant, shapes: [[2, 3, 3]], ...bothOrders },
  logDeterminant: { fn: (x) => t.signAndLogDeterminant(x).logDeterminant, shapes: [[3, 3]], ...bothOrders },
  inverse: { fn: (x) => t.inverse(t.add(x, t.mul(t.eye(3, 'float64'), 3))), shapes: [[3, 3]], ...bothOrders },
  solve: {
    fn: (a, b) => t.solve(t.add(a, t.mul(t.eye(3, 'float64'), 3)), b),
    shapes: [
      [2, 3, 3],
      [2, 3, 2],
    ],
  },
  solveTriangular: {
    fn: (a, b) => t.solveTriangular(t.add(a, t.mul(t.eye(3, 'float64'), 3)), b),
    shapes: [
      [3, 3],
      [3, 2],
    ],
  },
  cholesky: { fn: (x) => t.cholesky(t.add(t.matmul(x, x, { transposeB: true }), t.eye(3, 'float64'))), shapes: [[3, 3]], ...bothOrders },
  cross: {
    fn: (a, b) => t.cross(a, b),
    shapes: [
      [2, 3],
      [2, 3],
    ],
  },
  kron: {
    fn: t.kron,
    shapes: [
      [2, 2],
      [1, 3],
    ],
  },
  matrixPower: { fn: (x) => t.matrixPower(x, 3), shapes: [[3, 3]] },
}

const windows: Record<string, Case> = {
  'conv, one axis': {
    fn: (x, k) => t.conv(x, k, { stride: 2, padding: 'same' }),
    shapes: [
      [2, 3, 7],
      [4, 3, 3],
    ],
    ...bothOrders,
  },
  'conv, groups and dilation': {
    fn: (x, k) => t.conv(x, k, { groups: 2, dilation: 2, padding: [[1, 2], 0] }),
    shapes: [
      [1, 4, 5, 6],
      [6, 2, 2, 3],
    ],
    ...bothOrders,
  },
  'conv, depthwise': {
    fn: (x, k) => t.conv(x, k, { groups: 3 }),
    shapes: [
      [2, 3, 4, 4],
      [3, 1, 2, 2],
    ],
  },
  'conv, three axes': {
    fn: (x, k) => t.conv(x, k, { stride: [1, 2, 1] }),
    shapes: [
      [1, 2, 3, 4, 3],
      [2, 2, 2, 2, 2],
    ],
  },
  convTranspose: {
    fn: (x, k) => t.convTranspose(x, k, { stride: 2, padding: 1, outputPadding: 1 }),
    shapes: [
      [1, 2, 3, 4],
      [2, 3, 3, 3],
    ],
    ...bothOrders,
  },
  'convTranspose, groups and dilation': {
    fn: (x, k) => t.convTranspose(x, k, { groups: 2, dilation: 2 }),
    shapes: [
      [1, 4, 5],
      [4, 1, 3],
    ],
  },
  maxPool: { fn: (x) => t.maxPool(x, 3, { stride: 2, padding: 1, ceiling: true }), shapes: [[2, 2, 6, 5]], domain: 'distinct' },
  avgPool: { fn: (x) => t.avgPool(x, [2, 3], { stride: 2, padding: 1, ceiling: true, countPadding: false }), shapes: [[1, 2, 5, 6]] },
  'avgPool of tiles': { fn: (x) => t.avgPool(x, 2), shapes: [[1, 2, 4, 6]] },
  lpPool: { fn: (x) => t.lpPool(x, 3, 2, { stride: 1 }), shapes: [[1, 2, 4]], domain: 'positive' },
  adaptiveAvgPool: { fn: (x) => t.adaptiveAvgPool(x, [2, 3]), shapes: [[1, 2, 5, 7]] },
  adaptiveMaxPool: { fn: (x) => t.adaptiveMaxPool(x, [2, 3]), shapes: [[1, 2, 5, 7]], domain: 'distinct' },
  'global pools': { fn: (x) => t.mul(t.globalAvgPool(x), t.globalMaxPool(x)), shapes: [[2, 3, 4]], domain: 'distinct' },
  'resize, nearest': { fn: (x) => t.resize(x, [5, 6]), shapes: [[1, 2, 3, 3]] },
  'resize, linear': { fn: (x) => t.resize(x, [5, 7], { mode: 'linear' }), shapes: [[1, 2, 3, 3]] },
  'resize, cubic': { fn: (x) => t.resize(x, [7], { mode: 'cubic', alignCorners: true }), shapes: [[1, 2, 4]] },
}

const recurrence =
  (unroll: number, reverse = false): TensorFunction =>
  (h, xs, w) => {
    const [last, states] = t.scan(
      (carry: Tensor, x: Tensor) => {
        const next = t.tanh(t.add(t.matmul(carry, w as Tensor), x))
        return [next, [next, t.mul(x, t.sum(next, { axes: 1, keepDims: true }))] as const]
      },
      h as Tensor,
      xs as Tensor,
      { unroll, reverse },
    )
    return t.add(t.add(t.sum(t.square(last)), t.sum(t.sin(states[0]))), t.sum(t.square(states[1])))
  }

const scans: Record<string, Case> = {
  'scan, unrolled': {
    fn: recurrence(16),
    shapes: [
      [2, 3],
      [4, 2, 3],
      [3, 3],
    ],
    ...bothOrders,
  },
  'scan, loop': {
    fn: recurrence(0),
    shapes: [
      [2, 3],
      [4, 2, 3],
      [3, 3],
    ],
    ...bothOrders,
  },
  'scan, loop from the end': {
    fn: recurrence(0, true),
    shapes: [
      [2, 3],
      [4, 2, 3],
      [3, 3],
    ],
    ...bothOrders,
  },
}

const families = { elementwise, reductions, layouts, products, windows, scans }

describe.each(Object.entries(families))('%s', (_, cases) => {
  test.each(Object.entries(cases))('%s agrees with difference quotients', (__, { fn, shapes, domain = 'any', order = 1 }) => {
    const args = shapes.map((shape, i) => t.evaluate(draw(11 + i, shape, domain)))
    expect(checkGradient(fn, args, { order })).toMatchObject({ passed: true })
  })
})

test.each([
  ['softmax', reductions['softmax']],
  ['matmul', products['matmul']],
  ['conv', windows['conv, one axis']],
] as const)('%s has the same gradient in float32', (_, found) => {
  const { fn, shapes } = found as Case
  const args = shapes.map((shape, i) => t.evaluate(draw(11 + i, shape, 'any')))
  expect(checkGradient(fn, args, { dtype: 'float32' })).toMatchObject({ passed: true })
})
