import { normalizeAxis } from './axes.ts'
import { arange } from './create.ts'
import { add, and, equal, lessEqual, not, where } from './elementwise.ts'
import { ShapeError } from './errors.ts'
import { reshape, slice, transpose } from './layout.ts'
import type { Tensor } from './tensor.ts'

/**
 * Marks the lower triangle of a matrix: true where column ≤ row + offset. The causal mask of attention is `lowerTriangle(time, time)`.
 *
 * @example
 * import { lowerTriangle, toArray } from '@grad-ts/tensor'
 * toArray(lowerTriangle(2, 2)) // => [[true, false], [true, true]]
 */
export const lowerTriangle = (rows: number, columns: number, offset = 0): Tensor =>
  lessEqual(reshape(arange(columns), [1, columns]), add(reshape(arange(rows), [rows, 1]), offset))

const matrixOf = (op: string, x: Tensor): readonly [number, number] => {
  if (x.shape.length < 2) throw new ShapeError(op, [x], 'expected matrices (rank 2 or more)')
  return x.shape.slice(-2) as unknown as readonly [number, number]
}

const kept = (x: Tensor, mask: Tensor): Tensor => (x.dtype === 'bool' ? and(x, mask) : where(mask, x, 0))

/** Keeps the lower triangle of the last two axes (column ≤ row + offset) and sets the rest to 0 or false. */
export const tril = (x: Tensor, offset = 0): Tensor => kept(x, lowerTriangle(...matrixOf('tril', x), offset))

/** Keeps the upper triangle of the last two axes (column ≥ row + offset) and sets the rest to 0 or false. */
export const triu = (x: Tensor, offset = 0): Tensor => kept(x, not(lowerTriangle(...matrixOf('triu', x), offset - 1)))

/**
 * Takes a diagonal of two axes (default: the last two) and puts it last; offset > 0 lies above the main one.
 *
 * @example
 * import { diagonal, tensor, toArray } from '@grad-ts/tensor'
 * toArray(diagonal(tensor([[1, 2], [3, 4]]))) // => [1, 4]
 */
export const diagonal = (
  x: Tensor,
  { offset = 0, axes = [-2, -1] }: { readonly offset?: number; readonly axes?: readonly [number, number] } = {},
): Tensor => {
  const [first, second] = axes.map((axis) => normalizeAxis('diagonal', x, axis)) as [number, number]
  const others = [...x.shape.keys()].filter((axis) => axis !== first && axis !== second)
  const moved = transpose(x, [...others, first, second])
  const [rows, columns] = [x.shape[first] as number, x.shape[second] as number]
  const count = Math.max(0, Math.min(rows + Math.min(offset, 0), columns - Math.max(offset, 0)))
  const start = offset >= 0 ? offset : -offset * columns
  const flat = reshape(moved, [...moved.shape.slice(0, -2), rows * columns])
  return slice(flat, [
    ...others.map(() => null),
    { start, end: count === 0 ? start : start + (count - 1) * (columns + 1) + 1, step: columns + 1 },
  ])
}

/** Puts the last axis on the main diagonal of a square matrix of zeros. */
export const diagonalMatrix = (x: Tensor): Tensor => {
  const size = x.shape.at(-1) as number
  return where(equal(reshape(arange(size), [size, 1]), arange(size)), reshape(x, [...x.shape, 1]), 0)
}
