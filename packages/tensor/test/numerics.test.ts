import { describe, expect, test } from 'vitest'
import * as t from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'

const values = (x: Tensor): number[] => Array.from(t.evaluate(x).attributes.data)
const double = (...numbers: number[]): Tensor => t.tensor(numbers, { dtype: 'float64' })

/** Largest error relative to the exact values. */
const relativeError = (x: Tensor, exact: readonly number[]): number =>
  Math.max(...values(x).map((value, i) => Math.abs(value - exact[i]!) / Math.max(Math.abs(exact[i]!), 1e-300)))

describe('where a plain formula fails', () => {
  test('softmax and its logarithm take logits of any size', () => {
    expect(values(t.softmax(t.tensor([1000, 1000, -1000])))).toEqual([0.5, 0.5, 0])
    expect(values(t.logSoftmax(t.tensor([0, -200])))).toEqual([0, -200])
    expect(values(t.softmax(t.tensor([0, -Infinity])))).toEqual([1, 0])
    expect(values(t.softmax(t.tensor([-Infinity, -Infinity])))).toEqual([Number.NaN, Number.NaN])
  })

  test('logSumExp neither overflows nor underflows, and −∞ alone stays −∞', () => {
    expect(values(t.logSumExp(t.tensor([1000, 1000])))[0]).toBeCloseTo(1000 + Math.LN2, 3)
    expect(values(t.logSumExp(t.tensor([-1000, -1000])))[0]).toBeCloseTo(-1000 + Math.LN2, 3)
    expect(values(t.logSumExp(t.tensor([-Infinity, -Infinity])))).toEqual([-Infinity])
    expect(values(t.logSumExp(t.tensor([Infinity, 1])))).toEqual([Infinity])
    expect(t.logSumExp(t.zeros([2, 3]), { axes: 1 }).shape).toEqual([2])
  })

  test('softplus is exact at both ends', () => {
    expect(values(t.softplus(t.tensor([1000, -1000, 0])))).toEqual([1000, 0, Math.fround(Math.LN2)])
    expect(relativeError(t.softplus(double(-30)), [Math.log1p(Math.exp(-30))])).toBeLessThan(1e-15)
  })

  test('norms of zero, of the very large and of the very small', () => {
    expect(values(t.norm(t.zeros([3])))).toEqual([0])
    expect(relativeError(t.norm(t.tensor([3e30, 4e30])), [5e30])).toBeLessThan(1e-6)
    expect(relativeError(t.norm(t.tensor([3e-30, 4e-30])), [5e-30])).toBeLessThan(1e-6)
    expect(
      values(
        t.norm(
          t.tensor([
            [3, 4],
            [0, 0],
          ]),
          { axes: 1 },
        ),
      ),
    ).toEqual([5, 0])
  })

  test('variance in two passes does not cancel where the mean is large', () => {
    const x = t.tensor([10000, 10001, 10002])
    expect(values(t.variance(x))[0]).toBeCloseTo(2 / 3, 5)
    const onePass = t.sub(t.mean(t.square(x)), t.square(t.mean(x)))
    expect(Math.abs(values(onePass)[0]! - 2 / 3)).toBeGreaterThan(0.1)
  })

  test('sums are accumulated in float64', () => {
    const x = t.full([100_000], 0.1)
    expect(Math.abs(values(t.sum(x))[0]! - 10_000)).toBeLessThan(0.001)
  })

  test('expm1, log1p, sinh, asinh and atanh keep their relative precision near zero', () => {
    const small = [1e-10, -3e-8, 1e-300]
    for (const [fn, exact] of [
      [t.expm1, Math.expm1],
      [t.log1p, Math.log1p],
      [t.sinh, Math.sinh],
      [t.asinh, Math.asinh],
      [t.atanh, Math.atanh],
    ] as const)
      expect(relativeError(fn(double(...small)), small.map(exact))).toBeLessThan(1e-14)
  })
})

const points = (low: number, high: number): number[] => Array.from({ length: 41 }, (_, i) => low + ((high - low) * i) / 40)

describe('special functions', () => {
  test.each([
    ['tan', t.tan, Math.tan, -1.5, 1.5],
    ['asin', t.asin, Math.asin, -1, 1],
    ['acos', t.acos, Math.acos, -1, 1],
    ['atan', t.atan, Math.atan, -30, 30],
    ['sinh', t.sinh, Math.sinh, -20, 20],
    ['cosh', t.cosh, Math.cosh, -20, 20],
    ['asinh', t.asinh, Math.asinh, -1e5, 1e5],
    ['acosh', t.acosh, Math.acosh, 1, 1e3],
    ['atanh', t.atanh, Math.atanh, -0.99, 0.99],
  ] as const)('%s agrees with the standard library', (_, fn, exact, low, high) => {
    const at = points(low, high)
    values(fn(double(...at))).forEach((value, i) =>
      expect(Math.abs(value - exact(at[i]!))).toBeLessThan(1e-13 * Math.max(1, Math.abs(exact(at[i]!)))),
    )
  })

  test('atan2 knows the quadrants and the axes', () => {
    for (const y of [-2, -1, 0, 0.5, 3])
      for (const x of [-2, -1, 0, 0.5, 3]) expect(values(t.atan2(double(y), double(x)))[0]).toBeCloseTo(Math.atan2(y, x), 12)
  })

  // Abramowitz and Stegun, tables 7.1 and 6.1.
  test('erf, its inverse and log Γ have the values of the tables', () => {
    expect(
      relativeError(t.erf(double(0.5, 1, 2, 3)), [0.5204998778130465, 0.8427007929497149, 0.9953222650189527, 0.9999779095030014]),
    ).toBeLessThan(1e-15)
    expect(values(t.erf(double(-7, 7, 0)))).toEqual([-1, 1, 0])
    const x = points(-3, 3)
    values(t.erfInv(t.erf(double(...x)))).forEach((value, i) => expect(value).toBeCloseTo(x[i]!, 9))
    expect(values(t.erfInv(double(1, -1, 0)))).toEqual([Infinity, -Infinity, 0])
    expect(
      relativeError(t.logGamma(double(0.5, 5, 10, -0.5)), [
        Math.log(Math.sqrt(Math.PI)),
        Math.log(24),
        Math.log(362880),
        Math.log(2 * Math.sqrt(Math.PI)),
      ]),
    ).toBeLessThan(1e-13)
    expect(values(t.xLogY(double(0, 2), double(0, Math.E)))).toEqual([0, 2])
  })
})

describe('rounding and dtypes', () => {
  test('halves round to even', () => {
    expect(values(t.round(t.tensor([0.5, 1.5, 2.5, -0.5, -1.5])))).toEqual([0, 2, 2, -0, -2])
  })

  test('int32 wraps, truncates, and divides by zero to zero', () => {
    const int = (x: number): Tensor => t.scalar(x, 'int32')
    expect(t.toNumber(t.mul(int(65537), int(65537)))).toBe(131073)
    expect(t.toNumber(t.add(int(2 ** 31 - 1), int(1)))).toBe(-(2 ** 31))
    expect(t.toNumber(t.div(int(-7), int(2)))).toBe(-3)
    expect(t.toNumber(t.div(int(7), int(0)))).toBe(0)
    expect(t.toNumber(t.mod(int(-7), int(3)))).toBe(2)
    expect(values(t.cast(t.tensor([-1.7, 1.7]), 'int32'))).toEqual([-1, 1])
  })

  test('float16 rounds to half precision after every op, and overflows past 65504', () => {
    const half = (...x: number[]): Tensor => t.tensor(x, { dtype: 'float16' })
    expect(values(t.add(half(2048), 1))).toEqual([2048])
    expect(values(t.add(half(2050), 1))).toEqual([2052])
    expect(values(t.mul(half(300), half(300)))).toEqual([Infinity])
    expect(values(half(1e-8, 6e-8, 65519, 65520))).toEqual([0, 2 ** -24, 65504, Infinity])
    expect(values(t.div(half(1), 3))).toEqual([0.333251953125])
    expect(t.matmul(t.cast(t.eye(2), 'float16'), t.cast(t.eye(2), 'float16')).dtype).toBe('float16')
  })

  test.each(['float32', 'float64', 'float16'] as const)('numbers take the dtype %s of the tensor beside them', (dtype: FloatDType) => {
    const x = t.ones([2], dtype)
    for (const y of [t.add(x, 1), t.sub(1, x), t.where(t.less(x, 2), x, 0.5), t.maximum(0, x), t.clamp(x, 0, 1)])
      expect(y.dtype).toBe(dtype)
  })
})
