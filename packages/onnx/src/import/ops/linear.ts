import { add, cast, determinant, einsum, isFloat, matmul, mul, reshape, round } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, floatAttribute, intAttribute, optionalAt, stringAttribute, tensorAt, tensorsAt } from '../call.ts'
import type { Converter } from '../call.ts'

/** NumPy's product: a vector becomes a matrix and its axis goes away again. */
export const multiply = (a: Tensor, b: Tensor): Tensor => {
  if (!isFloat(a.dtype)) return cast(round(multiply(cast(a, 'float64'), cast(b, 'float64'))), a.dtype)
  const left = a.shape.length === 1 ? reshape(a, [1, -1]) : a
  const right = b.shape.length === 1 ? reshape(b, [-1, 1]) : b
  const product = matmul(left, right)
  const rows = a.shape.length === 1 ? [] : [product.shape.at(-2) as number]
  const columns = b.shape.length === 1 ? [] : [product.shape.at(-1) as number]
  return reshape(product, [...product.shape.slice(0, -2), ...rows, ...columns])
}

const scaled = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : mul(x, factor))

/** α·A·B + β·C, each factor transposed where the node says so. */
const gemm: Converter = (call) => {
  const [a, b] = [tensorAt(call, 0), tensorAt(call, 1)]
  if (a.shape.length !== 2 || b.shape.length !== 2) return fail(call, 'expected two matrices')
  const options = { transposeA: intAttribute(call, 'transA', 0) === 1, transposeB: intAttribute(call, 'transB', 0) === 1 }
  const product = scaled(matmul(a, b, options), floatAttribute(call, 'alpha', 1))
  const bias = optionalAt(call, 2)
  return bias === undefined ? product : add(product, scaled(bias, floatAttribute(call, 'beta', 1)))
}

const contraction: Converter = (call) => einsum(stringAttribute(call, 'equation', ''), ...tensorsAt(call))

/** Products of matrices. */
export const linear: Readonly<Record<string, Converter>> = {
  Det: (call) => determinant(tensorAt(call, 0)),
  Einsum: contraction,
  Gemm: gemm,
  MatMul: (call) => multiply(tensorAt(call, 0), tensorAt(call, 1)),
}
