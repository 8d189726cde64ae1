import { sizeOf } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Make, Rewrite } from './rule.ts'

/** Tells whether a tensor is the transpose of another in its last two axes. */
const isFlipped = (x: Tensor): x is Tensor<'transpose'> => {
  if (x.op !== 'transpose') return false
  const { permutation } = (x as Tensor<'transpose'>).attributes
  const rank = permutation.length
  return rank >= 2 && permutation.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i))
}

/** Matrix products read a transposed operand in place. */
const readInPlace: Rewrite = (node, make) => {
  const { transposeA, transposeB, ...rest } = (node as Tensor<'matmul'>).attributes
  const [a, b] = node.inputs as readonly [Tensor, Tensor]
  if (isFlipped(a)) return make('matmul', [a.inputs[0] as Tensor, b], { ...rest, transposeA: !transposeA, transposeB })
  return isFlipped(b) ? make('matmul', [a, b.inputs[0] as Tensor], { ...rest, transposeA, transposeB: !transposeB }) : undefined
}

/** (A·B)ᵀ = Bᵀ·Aᵀ */
const transposedProduct: Rewrite = (node, make) => {
  const [product] = node.inputs as readonly [Tensor]
  if (!isFlipped(node) || product.op !== 'matmul') return undefined
  const { transposeA, transposeB, ...rest } = (product as Tensor<'matmul'>).attributes
  const [a, b] = product.inputs as readonly [Tensor, Tensor]
  return make('matmul', [b, a], { ...rest, transposeA: !transposeB, transposeB: !transposeA })
}

const rowsOf = (x: Tensor, make: Make): Tensor => {
  const width = x.shape.at(-1) as number
  return make('reshape', [x], { shape: [sizeOf(x.shape) / width, width] })
}

/** Σ over the batch of Aᵢᵀ·Bᵢ is one product of the rows of all A and all B: the gradient of a kernel. */
const summedProduct: Rewrite = (node, make) => {
  const [product] = node.inputs as readonly [Tensor]
  const { axes } = (node as Tensor<'sum'>).attributes
  if (product.op !== 'matmul' || axes.length !== product.shape.length - 2 || !axes.every((axis, i) => axis === i)) return undefined
  const { transposeA, transposeB, ...rest } = (product as Tensor<'matmul'>).attributes
  const [a, b] = product.inputs as readonly [Tensor, Tensor]
  const sameBatch = a.shape.length === b.shape.length && a.shape.slice(0, -2).every((length, axis) => length === b.shape[axis])
  if (!transposeA || transposeB || !sameBatch || axes.length === 0) return undefined
  const rows = make('matmul', [rowsOf(a, make), rowsOf(b, make)], { ...rest, transposeA: true, transposeB: false })
  return make('reshape', [rows], { shape: node.shape })
}

/** One matrix for all of a batch: the rows of the batch make one product. */
const sharedMatrix: Rewrite = (node, make) => {
  const { transposeA, transposeB, ...rest } = (node as Tensor<'matmul'>).attributes
  const [a, b] = node.inputs as readonly [Tensor, Tensor]
  if (transposeA || a.shape.length < 3 || b.shape.length !== 2) return undefined
  return make('reshape', [make('matmul', [rowsOf(a, make), b], { ...rest, transposeA: false, transposeB })], { shape: node.shape })
}

/** Folds transposes into products, and batches of products into single ones. */
export const foldTransposes: Rewrite = (node, make) => {
  switch (node.op) {
    case 'matmul':
      return readInPlace(node, make) ?? sharedMatrix(node, make)
    case 'transpose':
      return transposedProduct(node, make)
    case 'sum':
      return summedProduct(node, make)
    default:
      return undefined
  }
}
