import { normalizeAxis } from './axes.ts'
import { abs, add, exp, log1p, maximum, minimum, mul, neg, sub } from './elementwise.ts'
import { concat, sliceAxis } from './layout.ts'
import type { Tensor } from './tensor.ts'

/**
 * Combines every element with all before it, for an associative function: log₂(n) rounds, in each of which
 * an element takes in the result that ends where its own begins.
 */
const prefix = (op: string, x: Tensor, axis: number, combine: (earlier: Tensor, later: Tensor) => Tensor): Tensor => {
  const position = normalizeAxis(op, x, axis)
  const length = x.shape[position] as number
  let result = x
  for (let distance = 1; distance < length; distance *= 2) {
    const done = sliceAxis(result, position, { end: distance })
    const earlier = sliceAxis(result, position, { end: length - distance })
    const later = sliceAxis(result, position, { start: distance })
    result = concat([done, combine(earlier, later)], position)
  }
  return result
}

/**
 * Running products along an axis (default: the last); the gradient is right at zeros too.
 *
 * @example
 * import { cumprod, tensor, toArray } from '@grad-ts/tensor'
 * toArray(cumprod(tensor([1, 2, 3]))) // => [1, 2, 6]
 */
export const cumprod = (x: Tensor, axis = -1): Tensor => prefix('cumprod', x, axis, mul)

/** Running maxima along an axis (default: the last). */
export const cummax = (x: Tensor, axis = -1): Tensor => prefix('cummax', x, axis, maximum)

/** Running minima along an axis (default: the last). */
export const cummin = (x: Tensor, axis = -1): Tensor => prefix('cummin', x, axis, minimum)

/** log(exp(a) + exp(b)) for finite numbers of any size, elementwise with broadcasting. */
export const logAddExp = (left: Tensor, right: Tensor): Tensor => add(maximum(left, right), log1p(exp(neg(abs(sub(left, right))))))

/** Running log Σexp along an axis (default: the last), for finite numbers of any size. */
export const logCumSumExp = (x: Tensor, axis = -1): Tensor => prefix('logCumSumExp', x, axis, logAddExp)
