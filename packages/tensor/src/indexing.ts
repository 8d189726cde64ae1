import { normalizeAxis } from './axes.ts'
import { arange } from './create.ts'
import type { DType } from './dtype.ts'
import { cast, equal } from './elementwise.ts'
import { expandDims } from './layout.ts'
import { node } from './tensor.ts'
import type { Tensor } from './tensor.ts'

/**
 * Takes whole slices along an axis (default: the first): the axis is replaced by the shape of the indices.
 *
 * @param indices int32, each from 0 to the axis' length − 1
 * @example
 * import { gather, tensor, toArray } from '@grad-ts/tensor'
 * toArray(gather(tensor([[1, 2], [3, 4], [5, 6]]), tensor([2, 0], { dtype: 'int32' }))) // => [[5, 6], [1, 2]]
 */
export const gather = (x: Tensor, indices: Tensor, axis = 0): Tensor =>
  node('gather', [x, indices], { axis: normalizeAxis('gather', x, axis) })

/** Adds slices into zeros of the given length along an axis, at the places that the indices name: the transpose of `gather`. */
export const scatterAdd = (
  updates: Tensor,
  indices: Tensor,
  { axis = 0, length }: { readonly axis?: number; readonly length: number },
): Tensor => node('scatterAdd', [updates, indices], { axis, length })

/** Picks one element for every index along an axis: `out[…, i, …] = x[…, indices[…, i, …], …]`; other axes as in x. */
export const takeAlongAxis = (x: Tensor, indices: Tensor, axis = -1): Tensor =>
  node('gatherAlong', [x, indices], { axis: normalizeAxis('takeAlongAxis', x, axis) })

/** Adds elements into zeros of the given length along an axis: the transpose of `takeAlongAxis`. */
export const scatterAddAlong = (
  updates: Tensor,
  indices: Tensor,
  { axis = -1, length }: { readonly axis?: number; readonly length: number },
): Tensor => node('scatterAddAlong', [updates, indices], { axis: normalizeAxis('scatterAddAlong', updates, axis), length })

/**
 * Turns labels into rows of 0 and 1 along a new last axis; a label outside the range gives a row of zeros.
 *
 * @param indices int32 of any shape
 * @example
 * import { oneHot, tensor, toArray } from '@grad-ts/tensor'
 * toArray(oneHot(tensor([1, 0], { dtype: 'int32' }), 2)) // => [[0, 1], [1, 0]]
 */
export const oneHot = (indices: Tensor, classes: number, dtype: DType = 'float32'): Tensor =>
  cast(equal(expandDims(indices, -1), arange(classes)), dtype)
