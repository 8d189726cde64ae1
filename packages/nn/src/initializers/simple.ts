import { full, normal as drawNormal, truncatedNormal as drawTruncatedNormal, uniform as drawUniform } from '@grad-ts/tensor'
import type { Initializer } from './initializer.ts'

/**
 * Starts every element at one value.
 *
 * @example
 * import { key, toArray } from '@grad-ts/tensor'
 * import { constant } from '@grad-ts/nn'
 * toArray(constant(0.5)(key(0), [2])) // => [0.5, 0.5]
 */
export const constant =
  (value: number): Initializer =>
  (_, shape, { dtype = 'float32' } = {}) =>
    full(shape, value, dtype)

/**
 * Starts at zero: the default of biases.
 *
 * @example
 * import { key, toArray } from '@grad-ts/tensor'
 * import { zeros } from '@grad-ts/nn'
 * toArray(zeros(key(0), [2])) // => [0, 0]
 */
export const zeros: Initializer = constant(0)

/**
 * Starts at one: the default of the scales of normalisation layers.
 *
 * @example
 * import { key, toArray } from '@grad-ts/tensor'
 * import { ones } from '@grad-ts/nn'
 * toArray(ones(key(0), [2])) // => [1, 1]
 */
export const ones: Initializer = constant(1)

/**
 * Draws uniformly between two bounds.
 *
 * @param options.low default −0.05
 * @param options.high default 0.05
 * @example
 * import { key } from '@grad-ts/tensor'
 * import { uniform } from '@grad-ts/nn'
 * uniform({ low: 0, high: 1 })(key(0), [3, 4]).shape // => [3, 4]
 */
export const uniform =
  ({ low = -0.05, high = 0.05 }: { readonly low?: number; readonly high?: number } = {}): Initializer =>
  (key, shape, { dtype = 'float32' } = {}) =>
    drawUniform(key, shape, { low, high, dtype })

/** Mean (default 0) and standard deviation of a normal distribution. */
export interface NormalSpread {
  readonly mean?: number
  readonly stddev?: number
}

/**
 * Draws from a normal distribution.
 *
 * @param options.mean default 0
 * @param options.stddev default 0.05
 * @example
 * import { key } from '@grad-ts/tensor'
 * import { normal } from '@grad-ts/nn'
 * normal({ stddev: 0.02 })(key(0), [3, 4]).shape // => [3, 4]
 */
export const normal =
  ({ mean = 0, stddev = 0.05 }: NormalSpread = {}): Initializer =>
  (key, shape, { dtype = 'float32' } = {}) =>
    drawNormal(key, shape, { mean, stddev, dtype })

/**
 * Draws from a normal distribution, again and again until the draw is within two standard deviations of the mean (default stddev 0.05).
 *
 * @example
 * import { key } from '@grad-ts/tensor'
 * import { truncatedNormal } from '@grad-ts/nn'
 * truncatedNormal({ stddev: 0.02 })(key(0), [3, 4]).shape // => [3, 4]
 */
export const truncatedNormal =
  ({ mean = 0, stddev = 0.05 }: NormalSpread = {}): Initializer =>
  (key, shape, { dtype = 'float32' } = {}) =>
    drawTruncatedNormal(key, shape, { mean, stddev, dtype })
