import { normalizeAxis } from './axes.ts'
import { takeAlongAxis } from './indexing.ts'
import { node } from './tensor.ts'
import type { Tensor } from './tensor.ts'

/** Along which axis to sort (default: the last), and whether from the largest down (default: no). */
export interface SortOptions {
  readonly axis?: number
  readonly descending?: boolean
}

/** Positions of the k largest (or smallest) elements along an axis, best first, equal ones by position; int32. */
const best = (op: string, x: Tensor, k: number, axis: number, largest: boolean): Tensor =>
  node('topK', [x], { k, axis: normalizeAxis(op, x, axis), largest })

/**
 * Finds the order that sorts an axis: int32 positions of the shape of x. Equal elements keep their order.
 *
 * @example
 * import { argSort, tensor, toArray } from '@grad-ts/tensor'
 * toArray(argSort(tensor([3, 1, 2]))) // => [1, 2, 0]
 */
export const argSort = (x: Tensor, { axis = -1, descending = false }: SortOptions = {}): Tensor =>
  best('argSort', x, x.shape[normalizeAxis('argSort', x, axis)] as number, axis, descending)

/**
 * Sorts along an axis; NaN counts as the largest.
 *
 * @example
 * import { sort, tensor, toArray } from '@grad-ts/tensor'
 * toArray(sort(tensor([3, 1, 2]), { descending: true })) // => [3, 2, 1]
 */
export const sort = (x: Tensor, options: SortOptions = {}): Tensor => takeAlongAxis(x, argSort(x, options), options.axis ?? -1)

/**
 * Finds the k largest elements along an axis (default: the last), the largest first.
 *
 * @param k static, at most the length of the axis
 * @param options.largest false for the smallest instead, the smallest first
 * @returns the values, and their positions as int32
 * @example
 * import { tensor, toArray, topK } from '@grad-ts/tensor'
 * const { values, indices } = topK(tensor([3, 1, 2]), 2)
 * toArray(values) // => [3, 2]
 * toArray(indices) // => [0, 2]
 */
export const topK = (
  x: Tensor,
  k: number,
  { axis = -1, largest = true }: { readonly axis?: number; readonly largest?: boolean } = {},
): { readonly values: Tensor; readonly indices: Tensor } => {
  const indices = best('topK', x, k, axis, largest)
  return { values: takeAlongAxis(x, indices, axis), indices }
}
