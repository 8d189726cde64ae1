import { arange, eye, ones, zeros } from './create.ts'
import { abs, cast, div, equal, less, log, mul, sign, sqrt, sub, where } from './elementwise.ts'
import { ShapeError } from './errors.ts'
import { takeAlongAxis } from './indexing.ts'
import { broadcastTo, concat, reshape, sliceAxis } from './layout.ts'
import { matmul } from './linear.ts'
import { argMax, prod, sum } from './reduce.ts'
import type { Tensor } from './tensor.ts'
import { diagonal } from './triangle.ts'

const squareSize = (op: string, x: Tensor): number => {
  const [rows, columns] = x.shape.slice(-2)
  if (x.shape.length < 2 || rows !== columns || rows === 0) throw new ShapeError(op, [x], 'expected square matrices [..., n, n]')
  return rows as number
}

const rowsOf = (x: Tensor, start: number, end: number): Tensor => sliceAxis(x, -2, { start, end })
const columnsOf = (x: Tensor, start: number, end: number): Tensor => sliceAxis(x, -1, { start, end })

interface Elimination {
  readonly rows: Tensor
  /** 1 or −1 for an even or odd number of exchanges, shape `[..., 1, 1]`. */
  readonly sign: Tensor
}

/** Exchanges row i with the row below it whose element in column i is largest. */
const exchange = ({ rows, sign: before }: Elimination, i: number, size: number): Elimination => {
  const positions = reshape(arange(size), [size, 1])
  const candidates = where(less(positions, i), -1, abs(columnsOf(rows, i, i + 1)))
  const best = argMax(candidates, { axis: -2, keepDims: true })
  const order = where(equal(positions, i), best, where(equal(positions, best), i, positions))
  return {
    rows: takeAlongAxis(rows, broadcastTo(order, rows.shape), -2),
    sign: mul(before, sub(mul(cast(equal(best, i), rows.dtype), 2), 1)),
  }
}

/** Gauss elimination of `[A | B]`: A becomes upper triangular. */
const eliminate = (matrix: Tensor, size: number): Elimination => {
  let current: Elimination = { rows: matrix, sign: ones([...matrix.shape.slice(0, -2), 1, 1], matrix.dtype) }
  for (let i = 0; i < size - 1; i++) {
    current = exchange(current, i, size)
    const lead = rowsOf(current.rows, i, i + 1)
    const below = cast(less(i, reshape(arange(size), [size, 1])), matrix.dtype)
    const factors = mul(div(columnsOf(current.rows, i, i + 1), columnsOf(lead, i, i + 1)), below)
    current = { rows: sub(current.rows, mul(factors, lead)), sign: current.sign }
  }
  return current
}

/** Solves U·X = B for an upper triangular U, the last row first. */
const backSubstitute = (upper: Tensor, right: Tensor, size: number): Tensor => {
  let solved: Tensor | undefined
  for (let i = size - 1; i >= 0; i--) {
    const line = rowsOf(upper, i, i + 1)
    const rest = solved === undefined ? rowsOf(right, i, i + 1) : sub(rowsOf(right, i, i + 1), matmul(columnsOf(line, i + 1, size), solved))
    const found = div(rest, columnsOf(line, i, i + 1))
    solved = solved === undefined ? found : concat([found, solved], -2)
  }
  return solved as Tensor
}

/**
 * Solves A·X = B by elimination with row exchanges, written out step by step: meant for small matrices (up to some 30 rows).
 *
 * @param a float `[…, n, n]`
 * @param b float `[…, n, m]` with the same leading axes
 * @throws {ShapeError} when A is not square
 * @example
 * import { solve, tensor, toArray } from '@grad-ts/tensor'
 * toArray(solve(tensor([[2, 0], [0, 4]]), tensor([[2], [2]]))) // => [[1], [0.5]]
 */
export const solve = (a: Tensor, b: Tensor): Tensor => {
  const size = squareSize('solve', a)
  const { rows } = eliminate(concat([a, b], -1), size)
  return backSubstitute(columnsOf(rows, 0, size), columnsOf(rows, size, rows.shape.at(-1) as number), size)
}

/** The inverse of small square matrices `[…, n, n]`. */
export const inverse = (x: Tensor): Tensor => solve(x, broadcastTo(eye(squareSize('inverse', x), x.dtype), x.shape))

/** Solves T·X = B for a lower (default) or upper triangular T; the other half of T is not read. */
export const solveTriangular = (triangle: Tensor, b: Tensor, { upper = false }: { readonly upper?: boolean } = {}): Tensor => {
  const size = squareSize('solveTriangular', triangle)
  if (upper) return backSubstitute(triangle, b, size)
  // Read from the other end, a lower triangle is an upper one.
  const flipped = (x: Tensor, axis: number): Tensor => sliceAxis(x, axis, { step: -1 })
  return flipped(backSubstitute(flipped(flipped(triangle, -1), -2), flipped(b, -2), size), -2)
}

/** The sign and the logarithm of the size of the determinant of small square matrices, each of shape `[…]`. */
export const signAndLogDeterminant = (x: Tensor): { readonly sign: Tensor; readonly logDeterminant: Tensor } => {
  const { rows, sign: exchanges } = eliminate(x, squareSize('determinant', x))
  const pivots = diagonal(rows)
  return {
    sign: mul(reshape(exchanges, x.shape.slice(0, -2)), prod(sign(pivots), { axes: -1 })),
    logDeterminant: sum(log(abs(pivots)), { axes: -1 }),
  }
}

/** The determinant of small square matrices `[…, n, n]`: shape `[…]`. */
export const determinant = (x: Tensor): Tensor => {
  const { rows, sign: exchanges } = eliminate(x, squareSize('determinant', x))
  return mul(reshape(exchanges, x.shape.slice(0, -2)), prod(diagonal(rows), { axes: -1 }))
}

/** The lower triangular L with L·Lᵀ = x, for small symmetric positive definite matrices; only the lower half of x is read. */
export const cholesky = (x: Tensor): Tensor => {
  const size = squareSize('cholesky', x)
  let done: Tensor | undefined
  for (let j = 0; j < size; j++) {
    const below = sliceAxis(columnsOf(x, j, j + 1), -2, { start: j })
    const reduced =
      done === undefined ? below : sub(below, matmul(sliceAxis(done, -2, { start: j }), rowsOf(done, j, j + 1), { transposeB: true }))
    const found = div(reduced, sqrt(rowsOf(reduced, 0, 1)))
    const above = zeros([...x.shape.slice(0, -2), j, 1], x.dtype)
    const full = j === 0 ? found : concat([above, found], -2)
    done = done === undefined ? full : concat([done, full], -1)
  }
  return done as Tensor
}

/** The cross product along an axis of length 3 (default: the last). */
export const cross = (a: Tensor, b: Tensor, axis = -1): Tensor => {
  const part = (x: Tensor, i: number): Tensor => sliceAxis(x, axis, { start: i, end: i + 1 })
  if (a.shape.at(axis) !== 3 || b.shape.at(axis) !== 3) throw new ShapeError('cross', [a, b], `expected length 3 along axis ${axis}`)
  const parts = [0, 1, 2].map((i) => {
    const [j, k] = [(i + 1) % 3, (i + 2) % 3]
    return sub(mul(part(a, j), part(b, k)), mul(part(a, k), part(b, j)))
  })
  return concat(parts, axis)
}

/** The Kronecker product of two matrices: every element of a times the whole of b. */
export const kron = (a: Tensor, b: Tensor): Tensor => {
  const [m, n] = a.shape as [number, number]
  const [p, q] = b.shape as [number, number]
  if (a.shape.length !== 2 || b.shape.length !== 2) throw new ShapeError('kron', [a, b], 'expected two matrices')
  return reshape(mul(reshape(a, [m, 1, n, 1]), reshape(b, [1, p, 1, q])), [m * p, n * q])
}

/** x multiplied by itself, `power` times in all (0 gives the identity, negative powers those of the inverse). */
export const matrixPower = (x: Tensor, power: number): Tensor => {
  const size = squareSize('matrixPower', x)
  if (!Number.isInteger(power)) throw new ShapeError('matrixPower', [x], `expected a whole power, got ${power}`)
  if (power < 0) return matrixPower(inverse(x), -power)
  if (power === 0) return broadcastTo(eye(size, x.dtype), x.shape)
  if (power === 1) return x
  const half = matrixPower(x, Math.floor(power / 2))
  return power % 2 === 0 ? matmul(half, half) : matmul(matmul(half, half), x)
}
