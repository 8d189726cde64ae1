import { asTensor, full } from '../create.ts'
import type { FloatDType } from '../dtype.ts'
import { add, cast, div, less, mul, sub } from '../elementwise.ts'
import { ShapeError } from '../errors.ts'
import { concat, reshape, slice } from '../layout.ts'
import { sizeOf } from '../shape.ts'
import { constantOf, isTensor } from '../tensor.ts'
import type { Operand, Tensor } from '../tensor.ts'
import type { Shape } from '../shape.ts'
import { randomBits } from './keys.ts'

const step = 2 ** -23

/** Random whole numbers from −2²² to 2²² − 1, as floats: the grid on which all float draws lie. */
const grid = (key: Tensor, shape: Shape): Tensor => cast(div(randomBits(key, shape), 512), 'float32')

/**
 * Draws uniform numbers: the midpoints of 2²³ equal cells, so that 0 < u < 1 always (float16 can round up to 1).
 *
 * @param key int32 `[2]`, used only here
 * @param options.low default 0; a number, or a tensor that broadcasts to the shape
 * @param options.high default 1; the largest draw can round to it when `low` is large beside `high − low`
 * @param options.dtype default float32
 * @example
 * import { key, uniform } from '@grad-ts/tensor'
 * uniform(key(0), [2, 3], { low: -1, high: 1 }).shape // => [2, 3]
 */
export const uniform = (
  key: Tensor,
  shape: Shape,
  { low = 0, high = 1, dtype = 'float32' }: { readonly low?: Operand; readonly high?: Operand; readonly dtype?: FloatDType } = {},
): Tensor => {
  if (typeof low === 'number' && typeof high === 'number') {
    const width = high - low
    return cast(add(mul(grid(key, shape), step * width), low + (0.5 + step / 2) * width), dtype)
  }
  const unit = cast(uniform(key, shape), dtype)
  return add(mul(unit, sub(asTensor(high, dtype), asTensor(low, dtype))), asTensor(low, dtype))
}

/**
 * Draws booleans that are true with probability p.
 *
 * @param p from 0 to 1; a number, or a float tensor that broadcasts to the shape
 * @example
 * import { bernoulli, key } from '@grad-ts/tensor'
 * bernoulli(key(0), 0.9, [128]).dtype // => 'bool'
 */
export const bernoulli = (key: Tensor, p: Operand, shape: Shape): Tensor => {
  if (isTensor(p)) return less(cast(uniform(key, shape), p.dtype), p)
  const probability = Number(p)
  if (!(probability >= 0 && probability <= 1))
    throw new ShapeError('bernoulli', [], `expected a probability from 0 to 1, got ${probability}`)
  if (probability === 1) return full(shape, true, 'bool')
  const threshold = Math.min(Math.round(probability * 2 ** 32) - 2 ** 31, 2 ** 31 - 1)
  return less(randomBits(key, shape), constantOf(Int32Array.of(threshold), [], 'int32'))
}

/** Booleans that are true with probability parts / 65536, two from each 32 bits: half the work of `bernoulli`. */
const coarseMask = (key: Tensor, parts: number, shape: Shape): Tensor => {
  const size = sizeOf(shape)
  const words = randomBits(key, [Math.ceil(size / 2)])
  const threshold = constantOf(Int32Array.of(parts * 65536 - 2 ** 31), [], 'int32')
  const both = concat([less(words, threshold), less(mul(words, 65536), threshold)])
  return reshape(slice(both, [{ end: size }]), shape)
}

/**
 * Sets elements to 0 with probability `rate` and scales the others by 1 / (1 − rate), so that the mean stays.
 *
 * @param rate from 0 up to, not including, 1; static; taken to the nearest 1/65536
 * @example
 * import { dropout, key, ones } from '@grad-ts/tensor'
 * dropout(key(0), ones([128, 512]), 0.5).shape // => [128, 512]
 * @see Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, 2014
 */
export const dropout = (key: Tensor, x: Tensor, rate: number): Tensor => {
  if (!(rate >= 0 && rate < 1)) throw new ShapeError('dropout', [x], `expected a rate from 0 to below 1, got ${rate}`)
  const parts = Math.max(1, Math.round((1 - rate) * 65536))
  if (parts === 65536) return x
  return mul(x, mul(cast(coarseMask(key, parts, x.shape), x.dtype), 65536 / parts))
}
