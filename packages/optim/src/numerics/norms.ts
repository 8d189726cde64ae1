import { abs, add, asTensor, broadcastTo, cast, lessEqual, max, maximum, mean, square, sqrt, sum, where } from '@grad-ts/tensor'
import type { Axes, Tensor } from '@grad-ts/tensor'
import { leaves } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, floatDType } from '../define.ts'
import { asScalar } from './scalar-math.ts'
import { total } from './trees.ts'
import type { Scalar } from '../transformation.ts'

/** Σ x² over all leaves. */
export const squaredNorm = (tree: Tree<Tensor>): Tensor => {
  const dtype = floatDType(tree)
  return total(tree, (leaf) => sum(square(cast(leaf, dtype))))
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

/** Σ|x| over all leaves, a scalar. */
export const globalL1Norm = (tree: Tree<Tensor>): Tensor => total(tree, (leaf) => sum(abs(leaf)))

/** The largest |x| over all leaves, a scalar; 0 for a tree without leaves. */
export const globalMaxNorm = (tree: Tree<Tensor>): Tensor => {
  const dtype = floatDType(tree)
  return leaves(tree).reduce<Tensor>((largest, leaf) => maximum(largest, cast(max(abs(leaf)), dtype)), asTensor(0, dtype))
}

/** √Σ x² of one leaf. */
export const leafNorm = (leaf: Tensor): Tensor => sqrt(sum(square(leaf)))

/** √(mean x²) of one leaf. */
export const rootMeanSquare = (leaf: Tensor): Tensor => sqrt(mean(square(leaf)))

const safely = (size: Tensor, leaf: Tensor, minimum: Scalar): Tensor => {
  const low = asScalar(minimum, leaf.dtype)
  return where(lessEqual(size, low), low, size)
}

/** The norm of a leaf, at least `minNorm`, whose gradient is zero where the bound holds. */
export const safeNorm = (leaf: Tensor, minNorm: Scalar): Tensor => safely(leafNorm(leaf), leaf, minNorm)

/** The root mean square of a leaf, at least `minRms`. */
export const safeRootMeanSquare = (leaf: Tensor, minRms: Scalar): Tensor => safely(rootMeanSquare(leaf), leaf, minRms)

/** The axes over which one unit (an output of a layer) is summed: for kernels stored [in, out] all axes but the last. */
const unitAxes = (leaf: Tensor): Axes | undefined => {
  const rank = leaf.shape.length
  if (leaf.shape.filter((length) => length !== 1).length <= 1) return undefined
  return rank <= 3 ? 0 : [...leaf.shape.keys()].slice(0, -1)
}

/**
 * The norm of each unit of a leaf, repeated to the leaf's shape.
 *
 * @param axes axes that are summed; default: for kernels stored [in, out], all axes but the last (rank 3: the first), for vectors all
 */
export const unitNorm = (leaf: Tensor, axes: Axes | null = null): Tensor => {
  if (leaf.shape.length === 0) return abs(leaf)
  const over = axes ?? unitAxes(leaf)
  const squares = sum(square(leaf), over === undefined ? { keepDims: true } : { axes: over, keepDims: true })
  return broadcastTo(sqrt(squares), leaf.shape)
}

/** |x| added to a small number in the leaf's dtype. */
export const plusEps = (x: Tensor, eps: Scalar): Tensor => (eps === 0 ? x : add(x, at(eps, x)))
