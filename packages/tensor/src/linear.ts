import { ShapeError } from './errors.ts'
import { reshape } from './layout.ts'
import { node } from './tensor.ts'
import type { Tensor } from './tensor.ts'

/** Read an operand as its transpose (last two axes), without a copy. */
export interface MatmulOptions {
  readonly transposeA?: boolean
  readonly transposeB?: boolean
}

/**
 * Multiplies matrices: `[…, m, k] · […, k, n] → […, m, n]`; leading axes are batches and broadcast.
 *
 * @throws {ShapeError} when the inner lengths differ
 * @example
 * import { matmul, tensor, toArray } from '@grad-ts/tensor'
 * toArray(matmul(tensor([[1, 2]]), tensor([[3], [4]]))) // => [[11]]
 */
export const matmul = (a: Tensor, b: Tensor, { transposeA = false, transposeB = false }: MatmulOptions = {}): Tensor =>
  node('matmul', [a, b], { transposeA, transposeB })

/** The inner product of two vectors, a scalar. */
export const dot = (a: Tensor, b: Tensor): Tensor => {
  if (a.shape.length !== 1 || b.shape.length !== 1) throw new ShapeError('dot', [a, b], 'expected two vectors')
  return reshape(matmul(reshape(a, [1, -1]), reshape(b, [-1, 1])), [])
}

/** The outer product of two vectors `[m]` and `[n]`: `[m, n]`. */
export const outer = (a: Tensor, b: Tensor): Tensor => {
  if (a.shape.length !== 1 || b.shape.length !== 1) throw new ShapeError('outer', [a, b], 'expected two vectors')
  return matmul(reshape(a, [-1, 1]), reshape(b, [1, -1]))
}
