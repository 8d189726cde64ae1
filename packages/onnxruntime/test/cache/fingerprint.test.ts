import { expect, test } from 'vitest'
import { add, constantOf, input, matmul, mul, ones, scalar, scan, sub, sum, tensor, trace, zeros } from '@grad-ts/tensor'
import type { Graph, Tensor } from '@grad-ts/tensor'
import { fingerprint, showValue } from '../../src/cache/fingerprint.ts'

const traced = (fn: (x: Tensor, y: Tensor) => Tensor, x: Tensor = ones([2, 2]), y: Tensor = ones([2, 2])): string =>
  fingerprint(trace(fn as never, [x, y]) as Graph)

const reference = (): string => traced((x, y) => sum(add(mul(x, 2), matmul(x, y))))

test('the same function traced again is the same', () => {
  expect(traced((x, y) => sum(add(mul(x, 2), matmul(x, y))))).toBe(reference())
  expect(traced((x, y) => sum(add(mul(x, 2), matmul(x, y))), zeros([2, 2]))).toBe(reference())
})

test('the order in which nodes are made does not count', () => {
  const late = (x: Tensor, y: Tensor): Tensor => {
    const product = matmul(x, y)
    sub(x, y)
    return sum(add(mul(x, 2), product))
  }
  expect(traced(late)).toBe(reference())
})

const different: readonly (readonly [string, string])[] = [
  ['another constant', traced((x, y) => sum(add(mul(x, 3), matmul(x, y))))],
  ['another op', traced((x, y) => sum(sub(mul(x, 2), matmul(x, y))))],
  ['another attribute', traced((x, y) => sum(add(mul(x, 2), matmul(x, y, { transposeA: true }))))],
  ['another axis', traced((x, y) => sum(add(mul(x, 2), matmul(x, y)), { axes: [0] }))],
  ['other wiring', traced((x, y) => sum(add(mul(y, 2), matmul(x, y))))],
  ['operands in another order', traced((x, y) => sum(add(matmul(x, y), mul(x, 2))))],
  ['another shape', traced((x, y) => sum(add(mul(x, 2), matmul(x, y))), ones([3, 3]), ones([3, 3]))],
  ['another dtype', traced((x, y) => sum(add(mul(x, 2), matmul(x, y))), ones([2, 2], 'float64'), ones([2, 2], 'float64'))],
  ['a shared node computed twice', traced((x, y) => sum(add(mul(x, 2), add(matmul(x, y), mul(x, 2)))))],
  [
    'a shared node',
    traced((x, y) => {
      const shared = mul(x, 2)
      return sum(add(shared, add(matmul(x, y), shared)))
    }),
  ],
  [
    'other names',
    fingerprint(
      trace(({ x, y }: { x: Tensor; y: Tensor }) => sum(add(mul(x, 2), matmul(x, y))), [{ x: ones([2, 2]), y: ones([2, 2]) }]) as never,
    ),
  ],
  [
    'an unused input',
    fingerprint(trace((x, y, _z) => sum(add(mul(x, 2), matmul(x, y))), [ones([2, 2]), ones([2, 2]), ones([1])]) as never),
  ],
]

test.each(different)('%s is another graph', (_, other) => {
  expect(other).not.toBe(reference())
})

test('no two of them are the same', () => {
  expect(new Set(different.map(([, print]) => print)).size).toBe(different.length)
})

test('the sign of zero and the bits of constants count', () => {
  const of = (value: Tensor): string => traced((x) => mul(x, value))
  expect(of(scalar(-0))).not.toBe(of(scalar(0)))
  expect(of(scalar(NaN))).toBe(of(scalar(NaN)))
  expect(of(tensor([[1, 2]]))).toBe(of(constantOf(Float32Array.of(9, 1, 2).subarray(1), [1, 2], 'float32')))
})

test('the body of a scan counts, the names of its placeholders do not', () => {
  const scanned = (factor: number) =>
    traced((x) => sum(scan((carry: Tensor, row: Tensor) => [add(mul(carry, factor), row), carry] as const, ones([2]), x)[0] as Tensor))
  expect(scanned(2)).toBe(scanned(2))
  expect(scanned(2)).not.toBe(scanned(3))
  const named = (name: string) => {
    const inside = input(name, [2], 'float32')
    return showValue({ body: { inputs: [inside], outputs: [mul(inside, 2)] } })
  }
  expect(named('a')).toBe(named('b'))
})

test('options are shown by what they say', () => {
  expect(showValue({ b: 1, a: [true, 'x', null], c: undefined })).toBe(showValue({ a: [true, 'x', null], b: 1 }))
  expect(showValue({ a: '1' })).not.toBe(showValue({ a: 1 }))
  expect(showValue({ a: -0 })).not.toBe(showValue({ a: 0 }))
})
