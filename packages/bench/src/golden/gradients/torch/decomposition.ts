import * as t from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'

/** A matrix of zeros with a 2 × 2 rotation by (cos, sin) in rows and columns p and q of the identity. */
const rotation = (size: number, p: number, q: number, cos: Tensor, sin: Tensor): Tensor => {
  const unit = (row: number, column: number): Tensor =>
    t.tensor(
      Array.from({ length: size }, (_, i) => Array.from({ length: size }, (__, j) => Number(i === row && j === column))),
      { dtype: cos.dtype },
    )
  const rest = t.sub(t.eye(size, cos.dtype), t.add(unit(p, p), unit(q, q)))
  const [c, s] = [cos, sin].map((x) => t.reshape(x, [...x.shape, 1, 1])) as [Tensor, Tensor]
  return t.add(t.add(rest, t.mul(c, t.add(unit(p, p), unit(q, q)))), t.mul(s, t.sub(unit(p, q), unit(q, p))))
}

const entry = (x: Tensor, row: number, column: number): Tensor =>
  t.squeeze(t.squeeze(t.sliceAxis(t.sliceAxis(x, -2, { start: row, end: row + 1 }), -1, { start: column, end: column + 1 }), -1), -1)

/** Eigenvalues, ascending, and eigenvectors of small symmetric matrices by Jacobi's rotations. */
export const eigen = (x: Tensor): { readonly values: Tensor; readonly vectors: Tensor } => {
  const size = x.shape.at(-1) as number
  let matrix = t.mul(t.add(x, t.swapAxes(x)), 0.5)
  let vectors = t.broadcastTo(t.eye(size, x.dtype), x.shape)
  for (let sweep = 0; sweep < 5; sweep++)
    for (let p = 0; p < size; p++)
      for (let q = p + 1; q < size; q++) {
        const angle = t.mul(t.atan2(t.mul(entry(matrix, p, q), 2), t.sub(entry(matrix, q, q), entry(matrix, p, p))), 0.5)
        const turn = rotation(size, p, q, t.cos(angle), t.sin(angle))
        matrix = t.matmul(t.matmul(turn, matrix, { transposeA: true }), turn)
        vectors = t.matmul(vectors, turn)
      }
  const diagonal = t.diagonal(matrix)
  const order = t.argSort(diagonal)
  const columns = t.broadcastTo(t.expandDims(order, -2), vectors.shape)
  return { values: t.takeAlongAxis(diagonal, order), vectors: t.takeAlongAxis(vectors, columns) }
}

/** Singular values, descending. */
export const singularValues = (x: Tensor): Tensor => {
  const [rows, columns] = x.shape.slice(-2) as [number, number]
  const gram = rows < columns ? t.matmul(x, x, { transposeB: true }) : t.matmul(x, x, { transposeA: true })
  return t.flip(t.sqrt(eigen(gram).values), -1)
}

/** The reduced QR decomposition by Householder's reflections, with the signs of LAPACK. */
export const orthogonal = (x: Tensor): { readonly Q: Tensor; readonly R: Tensor } => {
  const [rows, columns] = x.shape as [number, number]
  const count = Math.min(rows, columns)
  let upper = x
  let product = t.eye(rows, x.dtype) as Tensor
  for (let k = 0; k < Math.min(count, rows - 1); k++) {
    const below = t.cast(t.lessEqual(k, t.reshape(t.arange(rows), [rows, 1])), x.dtype)
    const column = t.mul(t.slice(upper, [null, { start: k, end: k + 1 }]), below)
    const lead = entry(upper, k, k)
    const length = t.mul(t.norm(column), t.where(t.less(lead, 0), -1, t.onesLike(lead)))
    const first = t.cast(t.equal(t.reshape(t.arange(rows), [rows, 1]), k), x.dtype)
    const mirror = t.add(column, t.mul(length, first))
    const scale = t.div(2, t.sum(t.square(mirror)))
    const reflect = (y: Tensor): Tensor => t.sub(y, t.mul(t.matmul(mirror, t.matmul(mirror, y, { transposeA: true })), scale))
    upper = reflect(upper)
    product = t.transpose(reflect(t.transpose(product)))
  }
  return { Q: t.slice(product, [null, { end: count }]), R: t.triu(t.slice(upper, [{ end: count }])) }
}
