import { ShapeError } from './errors.ts'
import { normalizeAxis } from './axes.ts'
import { cast } from './elementwise.ts'
import { reshape, swapAxes } from './layout.ts'
import { node } from './tensor.ts'
import type { Tensor } from './tensor.ts'

/** How a product reads its operands. */
export interface MatmulOptions {
  /** Reads the first operand as its transpose (last two axes), without a copy. */
  readonly transposeA?: boolean
  /** Reads the second operand as its transpose, without a copy. */
  readonly transposeB?: boolean
  /** `full` computes in the operands' dtype even in mixed precision, as do the products of its gradient (default: as the compiler decides). */
  readonly precision?: 'full'
}

/**
 * Multiplies matrices: `[…, m, k] · […, k, n] → […, m, n]`; leading axes are batches and broadcast.
 *
 * @throws {ShapeError} when the inner lengths differ
 * @example
 * import { matmul, tensor, toArray } from '@grad-ts/tensor'
 * toArray(matmul(tensor([[1, 2]]), tensor([[3], [4]]))) // => [[11]]
 */
export const matmul = (a: Tensor, b: Tensor, { transposeA = false, transposeB = false, precision }: MatmulOptions = {}): Tensor =>
  node('matmul', [a, b], { transposeA, transposeB, ...(precision === undefined ? {} : { precision }) })

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

/** Multiplies every line along an axis by a matrix `[out, length]`, which takes the dtype of x. */
export const applyAlong = (x: Tensor, axis: number, matrix: Tensor): Tensor => {
  const position = normalizeAxis('applyAlong', x, axis)
  const rows = cast(matrix, x.dtype)
  if (position === x.shape.length - 1 && x.shape.length > 1) return matmul(x, rows, { transposeB: true })
  const lines = swapAxes(reshape(x, [...x.shape, 1]), position, -1)
  return reshape(
    swapAxes(matmul(lines, rows, { transposeB: true }), position, -1),
    x.shape.map((length, i) => (i === position ? (matrix.shape[0] as number) : length)),
  )
}
