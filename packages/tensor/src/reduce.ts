import { normalizeAxes, normalizeAxis } from './axes.ts'
import type { Axes } from './axes.ts'
import { abs, add, and, cast, div, equal, exp, isFinite, less, log, mul, sqrt, square, stopGradient, sub, where } from './elementwise.ts'
import { node } from './tensor.ts'
import type { Tensor } from './tensor.ts'
import { reshape } from './layout.ts'
import { reducedShape } from './ops/reduce.ts'

/** Which axes a reduction joins (default: all), and whether they stay with length 1 (default: no). */
export interface ReduceOptions {
  readonly axes?: Axes
  readonly keepDims?: boolean
}

const reduction =
  (op: 'sum' | 'max' | 'min' | 'prod') =>
  (x: Tensor, { axes, keepDims = false }: ReduceOptions = {}): Tensor => {
    const positions = normalizeAxes(op, x, axes)
    return positions.length === 0 ? x : node(op, [x], { axes: positions, keepDims })
  }

/**
 * Adds the elements along axes.
 *
 * @example
 * import { sum, tensor, toArray } from '@grad-ts/tensor'
 * toArray(sum(tensor([[1, 2], [3, 4]]), { axes: 0 })) // => [4, 6]
 */
export const sum = reduction('sum')
/** The largest element along axes. */
export const max = reduction('max')
/** The smallest element along axes. */
export const min = reduction('min')
/** The product of the elements along axes. */
export const prod = reduction('prod')

const countAlong = (x: Tensor, axes: Axes | undefined): number =>
  normalizeAxes('mean', x, axes).reduce((count, axis) => count * (x.shape[axis] as number), 1)

/** The arithmetic mean along axes. */
export const mean = (x: Tensor, options: ReduceOptions = {}): Tensor => div(sum(x, options), countAlong(x, options.axes))

/** The mean squared distance from the mean along axes, in two passes; `correction` 1 divides by n − 1 (default 0). */
export const variance = (x: Tensor, options: ReduceOptions & { readonly correction?: number } = {}): Tensor => {
  const { correction = 0, ...reduce } = options
  const centered = sub(x, mean(x, { ...reduce, keepDims: true }))
  return div(sum(square(centered), reduce), countAlong(x, reduce.axes) - correction)
}

/** Removes the axes that a reduction kept. */
const dropAxes = (x: Tensor, kept: Tensor, { axes, keepDims = false }: ReduceOptions): Tensor =>
  keepDims ? kept : reshape(kept, reducedShape(x.shape, normalizeAxes('reduce', x, axes), false))

/** Tells whether all elements along axes of a bool tensor are true. */
export const all = (x: Tensor, options: ReduceOptions = {}): Tensor => equal(min(cast(x, 'int32'), options), 1)

/** Tells whether any element along axes of a bool tensor is true. */
export const any = (x: Tensor, options: ReduceOptions = {}): Tensor => equal(max(cast(x, 'int32'), options), 1)

/**
 * √Σx² along axes. Scaled by the largest element, so that squares neither overflow nor vanish; the gradient at 0 is 0.
 *
 * @example
 * import { norm, tensor, toNumber } from '@grad-ts/tensor'
 * toNumber(norm(tensor([3e30, 4e30]))) > 4.9e30 // => true
 */
export const norm = (x: Tensor, options: ReduceOptions = {}): Tensor => {
  const largest = stopGradient(max(abs(x), { ...options, keepDims: true }))
  const scale = where(and(less(0, largest), isFinite(largest)), largest, 1)
  const total = sum(square(div(x, scale)), { ...options, keepDims: true })
  const zero = equal(total, 0)
  const root = where(zero, 0, mul(scale, sqrt(where(zero, 1, total))))
  return dropAxes(x, root, options)
}

/** log Σexp(x) along axes, shifted by the maximum so that it neither overflows nor underflows. */
export const logSumExp = (x: Tensor, options: ReduceOptions = {}): Tensor => {
  const largest = stopGradient(max(x, { ...options, keepDims: true }))
  const shift = where(isFinite(largest), largest, 0)
  return dropAxes(x, add(shift, log(sum(exp(sub(x, shift)), { ...options, keepDims: true }))), options)
}

/**
 * exp(x) / Σexp(x) along an axis (default: the last), shifted so that nothing overflows. A line of −∞ alone gives NaN.
 *
 * @example
 * import { softmax, tensor, toArray } from '@grad-ts/tensor'
 * toArray(softmax(tensor([1000, 1000]))) // => [0.5, 0.5]
 */
export const softmax = (x: Tensor, axis = -1): Tensor => node('softmax', [x], { axis: normalizeAxis('softmax', x, axis) })

/** log(softmax(x)) without the underflow of the quotient. */
export const logSoftmax = (x: Tensor, axis = -1): Tensor => node('logSoftmax', [x], { axis: normalizeAxis('logSoftmax', x, axis) })

/** Σ|x| along axes. */
export const absoluteSum = (x: Tensor, options: ReduceOptions = {}): Tensor => sum(abs(x), options)

/** The position of the largest element along an axis (default: the last), the first of equals, as int32. */
export const argMax = (x: Tensor, { axis = -1, keepDims = false }: { readonly axis?: number; readonly keepDims?: boolean } = {}): Tensor =>
  node('argMax', [x], { axis: normalizeAxis('argMax', x, axis), keepDims })

/** The position of the smallest element along an axis (default: the last), the first of equals, as int32. */
export const argMin = (x: Tensor, { axis = -1, keepDims = false }: { readonly axis?: number; readonly keepDims?: boolean } = {}): Tensor =>
  node('argMin', [x], { axis: normalizeAxis('argMin', x, axis), keepDims })

/** Running sums along an axis (default: the last). */
export const cumsum = (
  x: Tensor,
  {
    axis = -1,
    exclusive = false,
    reverse = false,
  }: { readonly axis?: number; readonly exclusive?: boolean; readonly reverse?: boolean } = {},
): Tensor => node('cumsum', [x], { axis: normalizeAxis('cumsum', x, axis), exclusive, reverse })

/** Σ a·b over all elements. */
export const vdot = (left: Tensor, right: Tensor): Tensor => sum(mul(left, right))
