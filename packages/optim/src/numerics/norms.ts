import { add, asTensor, cast, mean, sqrt, square, sum } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { leaves } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { floatDType } from '../define.ts'

/** Σ x² over all elements of a leaf, kept in one dtype. */
const squares = (leaf: Tensor, dtype: 'float32' | 'float64'): Tensor => sum(square(cast(leaf, dtype)))

/** Σ x² over all leaves. */
export const squaredNorm = (tree: Tree<Tensor>): Tensor => {
  const dtype = floatDType(tree)
  const parts = leaves(tree).map((leaf) => squares(leaf, dtype))
  return parts.length === 0 ? asTensor(0, dtype) : parts.reduce((total, part) => add(total, part))
}

/**
 * √Σ x² over all leaves of a tree, a scalar.
 *
 * @example
 * import { globalNorm } from '@grad-ts/optim'
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * toNumber(globalNorm({ w: tensor([3]), b: tensor([4]) })) // => 5
 */
export const globalNorm = (tree: Tree<Tensor>): Tensor => sqrt(squaredNorm(tree))

/** √Σ x² of one leaf. */
export const leafNorm = (leaf: Tensor): Tensor => sqrt(sum(square(leaf)))

/** √(mean x²) of one leaf. */
export const rootMeanSquare = (leaf: Tensor): Tensor => sqrt(mean(square(leaf)))
