import { asTensor, scalar } from '../create.ts'
import type { FloatDType } from '../dtype.ts'
import { add, cast, clamp, cos, erf, erfInv, log, mul, neg, sin, sqrt } from '../elementwise.ts'
import { toNumber } from '../evaluate.ts'
import { concat, reshape, slice } from '../layout.ts'
import { argMax } from '../reduce.ts'
import { sizeOf } from '../shape.ts'
import type { Shape } from '../shape.ts'
import { argSort } from '../sort.ts'
import type { Operand, Tensor } from '../tensor.ts'
import { randomBits } from './keys.ts'
import { uniform } from './uniform.ts'

/** Centre and spread of a normal distribution: numbers, or tensors that broadcast to the shape. */
export interface NormalOptions {
  readonly mean?: Operand
  readonly stddev?: Operand
  readonly dtype?: FloatDType
}

/** Box and Muller: two uniform draws give the radius and the angle of two independent normal ones. */
const standard = (key: Tensor, size: number): Tensor => {
  const half = Math.ceil(size / 2)
  const draws = uniform(key, [2, half])
  const radius = sqrt(mul(log(slice(draws, [{ end: 1 }])), -2))
  const angle = mul(slice(draws, [{ start: 1 }]), 2 * Math.PI)
  const pairs = reshape(concat([mul(radius, cos(angle)), mul(radius, sin(angle))]), [2 * half])
  return slice(pairs, [{ end: size }])
}

const placed = (draws: Tensor, { mean = 0, stddev = 1, dtype = 'float32' }: NormalOptions): Tensor => {
  const scaled = stddev === 1 ? cast(draws, dtype) : mul(cast(draws, dtype), asTensor(stddev, dtype))
  return mean === 0 ? scaled : add(scaled, asTensor(mean, dtype))
}

/**
 * Draws normal numbers (Box–Muller; none lies more than 5.8 standard deviations out).
 *
 * @param key int32 `[2]`, used only here
 * @param options.mean default 0
 * @param options.stddev default 1
 * @param options.dtype default float32
 * @example
 * import { key, normal } from '@grad-ts/tensor'
 * normal(key(0), [784, 512], { stddev: 0.05 }).shape // => [784, 512]
 */
export const normal = (key: Tensor, shape: Shape, options: NormalOptions = {}): Tensor =>
  placed(reshape(standard(key, sizeOf(shape)), shape), options)

/**
 * Draws normal numbers that lie between two bounds, by the inverse of the distribution function.
 *
 * @param options.lower in standard deviations from the mean, default −2; static
 * @param options.upper default 2
 * @example
 * import { key, truncatedNormal } from '@grad-ts/tensor'
 * truncatedNormal(key(0), [64, 64], { stddev: 0.1 }).shape // => [64, 64]
 */
export const truncatedNormal = (
  key: Tensor,
  shape: Shape,
  { lower = -2, upper = 2, ...options }: NormalOptions & { readonly lower?: number; readonly upper?: number } = {},
): Tensor => {
  const [low, high] = [lower, upper].map((bound) => toNumber(erf(scalar(bound / Math.SQRT2, 'float64')))) as [number, number]
  const draws = mul(erfInv(uniform(key, shape, { low, high })), Math.SQRT2)
  return placed(clamp(draws, lower, upper), options)
}

/**
 * Draws classes in proportion to exp(logits) along the last axis (the Gumbel trick: the largest of logits + noise).
 *
 * @param logits float `[…, classes]`
 * @returns int32 `[…]`
 * @example
 * import { categorical, key, tensor, toArray } from '@grad-ts/tensor'
 * toArray(categorical(key(0), tensor([[0, -Infinity], [-Infinity, 0]]))) // => [0, 1]
 */
export const categorical = (key: Tensor, logits: Tensor): Tensor => {
  const noise = neg(log(neg(log(uniform(key, logits.shape)))))
  return argMax(add(logits, cast(noise, logits.dtype)))
}

/**
 * Draws a random order of 0, 1, …, length − 1 as int32: shuffle rows with `gather(x, permutation(key, rows))`.
 *
 * @example
 * import { key, permutation, sort, toArray } from '@grad-ts/tensor'
 * toArray(sort(permutation(key(0), 4))) // => [0, 1, 2, 3]
 */
export const permutation = (key: Tensor, length: number): Tensor => argSort(randomBits(key, [length]))
