import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as T from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { laneOps } from '../../src/wasm/ops.ts'
import type { LaneOp } from '../../src/wasm/ops.ts'
import { bothWays } from './run-split.ts'

type Use = (a: Tensor, b: Tensor) => Tensor

const number = (condition: Tensor): Tensor => T.cast(condition, 'float32')
const positive = (x: Tensor): Tensor => T.less(0, x)

/** One use of every op that kernels hold. */
const uses: Readonly<Record<LaneOp, readonly Use[]>> = {
  identity: [T.identity],
  stopGradient: [T.stopGradient],
  reshape: [(a) => T.reshape(T.neg(T.reshape(a, [1, -1])), a.shape)],
  broadcastTo: [(a) => T.add(a, T.broadcastTo(T.scalar(2), a.shape))],
  neg: [T.neg],
  abs: [T.abs],
  sign: [T.sign],
  floor: [T.floor],
  ceil: [T.ceil],
  round: [T.round],
  sqrt: [T.sqrt, (a) => T.sqrt(T.abs(a))],
  reciprocal: [T.reciprocal],
  relu: [T.relu],
  isNaN: [(a) => number(T.isNaN(a))],
  not: [(a) => number(T.not(positive(a)))],
  add: [T.add, (a) => T.add(a, 0.1), (a) => T.add(0.1, a)],
  sub: [T.sub, (a) => T.sub(a, 0.1), (a) => T.sub(0.1, a)],
  mul: [T.mul, (a) => T.mul(a, 0.1), (a) => T.square(a)],
  div: [T.div, (a) => T.div(3, a)],
  maximum: [T.maximum, (a) => T.maximum(a, 0)],
  minimum: [T.minimum, (a) => T.minimum(0, a)],
  equal: [(a, b) => number(T.equal(a, b)), (a, b) => number(T.equal(positive(a), positive(b)))],
  less: [(a, b) => number(T.less(a, b))],
  lessEqual: [(a, b) => number(T.lessEqual(a, b))],
  and: [(a, b) => number(T.and(positive(a), positive(b))), (a) => number(T.and(positive(a), T.scalar(true)))],
  or: [(a, b) => number(T.or(positive(a), positive(b))), (a) => number(T.or(positive(a), T.scalar(false)))],
  where: [(a, b) => T.where(positive(a), a, b), (a) => T.where(positive(a), a, 0.5), (a, b) => T.where(T.scalar(true), a, b)],
  cast: [(a) => number(T.cast(a, 'bool'))],
}

const flushed = (x: number): number => (Math.abs(x) < 2 ** -126 ? 0 : x)

const same = (actual: number, expected: number): boolean => actual === flushed(expected) || (Number.isNaN(actual) && Number.isNaN(expected))

/** New a and b, both from the old two, so that a kernel that stores before it loads is found. */
const expectExact = (use: Use, a: Float32Array, b: Float32Array): void => {
  const state = { a: T.tensor(a), b: T.tensor(b) }
  const { split, actual, expected } = bothWays(
    (({ a: x, b: y }: typeof state) => [{ a: use(x, y), b: use(y, x) }, null]) as never,
    state,
    {},
  )
  expect(split.kept).toEqual([])
  actual.forEach(({ attributes: { data } }, leaf) =>
    data.forEach((value, i) => {
      const wanted = (expected[leaf] as Constant).attributes.data[i] as number
      expect(same(value, wanted), `${value}, expected ${wanted}, of ${a[i]} and ${b[i]}`).toBe(true)
    }),
  )
}

const edges = [0, -0, NaN, Infinity, -Infinity, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-40, 3e38, -3e38, 1, -1, 2 ** 23 + 1, -(2 ** 24)]
const pairs = edges.flatMap((a) => edges.map((b) => [a, b] as const))

const twoTensors = fc
  .integer({ min: 2, max: 67 })
  .chain((length) =>
    fc.tuple(fc.float32Array({ minLength: length, maxLength: length }), fc.float32Array({ minLength: length, maxLength: length })),
  )

describe.each(Object.keys(laneOps) as LaneOp[])('%s', (op) => {
  test('gives the float32 numbers of the interpreter at zeros, infinities, NaN and halves', () => {
    for (const use of uses[op])
      expectExact(
        use,
        Float32Array.from(pairs, ([a]) => a),
        Float32Array.from(pairs, ([, b]) => b),
      )
  })

  test('gives the float32 numbers of the interpreter on tensors of any length', () => {
    for (const use of uses[op])
      fc.assert(
        fc.property(twoTensors, ([a, b]) => expectExact(use, a, b)),
        { numRuns: 30 },
      )
  })
})

test('a division by one number is right to 1.5 units in the last place, and at the edges', () => {
  const close = (actual: number, expected: number): boolean => same(actual, expected) || Math.abs(actual / expected - 1) <= 1.5 * 2 ** -23
  const divisors = [3, -0.1, 7e30, 1e-37, 3e38, 0, -0, Infinity, NaN]
  const x = Float32Array.from([...edges, ...Array.from({ length: 1000 }, (_, i) => Math.sin(i) * 10 ** ((i % 20) - 10))])
  for (const divisor of divisors) {
    const { actual, expected } = bothWays(((state: Tensor) => [T.div(state, divisor), null]) as never, T.tensor(x), {})
    ;(actual[0] as Constant).attributes.data.forEach((value, i) => {
      const wanted = (expected[0] as Constant).attributes.data[i] as number
      expect(close(value, wanted), `${value}, expected ${wanted} = ${x[i]} / ${divisor}`).toBe(true)
    })
  }
})
