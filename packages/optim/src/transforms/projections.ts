import {
  abs,
  arange,
  add,
  cast,
  clamp,
  cumsum,
  div,
  flip,
  greater,
  lessEqual,
  maximum,
  minimum,
  mul,
  neg,
  relu,
  sign,
  sort,
  sqrt,
  sub,
  sum,
  where,
} from '@grad-ts/tensor'
import type { Operand, Tensor } from '@grad-ts/tensor'
import { isNode, map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at } from '../define.ts'
import { flattenTree, unflattenTree } from '../numerics/flat.ts'
import { globalL1Norm, globalNorm, squaredNorm } from '../numerics/norms.ts'
import { asScalar } from '../numerics/scalar-math.ts'
import { addScaled, scaleTree, select, vdotTrees } from '../numerics/trees.ts'
import type { Scalar } from '../transformation.ts'

/** A bound: one number or tensor for all leaves, or a tree of them. */
export type Bound = number | Tree<Tensor>

const boundAt = (tree: Tree<Tensor>, bound: Bound): Tree<Operand> =>
  typeof bound === 'number' || !isNode(bound) ? map(() => bound as Operand, tree) : (bound as Tree<Operand>)

const inDType = (bound: Operand, leaf: Tensor): Operand => (typeof bound === 'object' ? cast(bound, leaf.dtype) : bound)

/** Cuts negative elements to 0. */
export const projectNonNegative = (tree: Tree<Tensor>): Tree<Tensor> => map((leaf: Tensor) => relu(leaf), tree)

/**
 * Bounds every element to [lower, upper].
 *
 * @example
 * import { projectBox } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * toArray(projectBox(tensor([-2, 0.5, 2]), 0, 1) as Tensor) // => [0, 0.5, 1]
 */
export const projectBox = (tree: Tree<Tensor>, lower: Bound, upper: Bound): Tree<Tensor> =>
  map(
    (leaf: Tensor, low: Operand, high: Operand) => clamp(leaf, inDType(low, leaf), inDType(high, leaf)),
    tree,
    boundAt(tree, lower),
    boundAt(tree, upper),
  )

/** Bounds every element to [0, scale]. */
export const projectHypercube = (tree: Tree<Tensor>, scale: Bound = 1): Tree<Tensor> => projectBox(tree, 0, scale)

/** Bounds every element to [−scale, scale]. */
export const projectLinfBall = (tree: Tree<Tensor>, scale: Scalar = 1): Tree<Tensor> =>
  typeof scale === 'number' ? projectBox(tree, -scale, scale) : projectBox(tree, neg(scale), scale)

/** The nearest vector with elements ≥ 0 that sum to 1: what remains above the one threshold that makes the sum right. */
const unitSimplex = (values: Tensor): Tensor => {
  const descending = flip(sort(values), 0)
  const count = cast(add(arange(values.shape[0] as number), 1), values.dtype)
  const thresholds = div(sub(cumsum(descending), 1), count)
  const kept = greater(descending, thresholds)
  // The kept places come first, so the last kept threshold is the largest one below its own element.
  const used = sum(cast(kept, values.dtype))
  const threshold = div(sub(sum(where(kept, descending, 0)), 1), used)
  return relu(sub(values, threshold))
}

/**
 * Gives the nearest tree whose elements are ≥ 0 and sum to scale.
 *
 * @example
 * import { projectSimplex } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * toArray(projectSimplex(tensor([1, 0.5, -1])) as Tensor) // => [0.75, 0.25, 0]
 * @see Duchi et al., Efficient Projections onto the l1-Ball for Learning in High Dimensions, 2008
 */
export const projectSimplex = (tree: Tree<Tensor>, scale: Scalar = 1): Tree<Tensor> => {
  const flat = flattenTree(tree)
  const size = at(scale, flat)
  return unflattenTree(tree, mul(unitSimplex(div(flat, size)), size))
}

/** Gives the nearest tree with Σ|x| = scale. */
export const projectL1Sphere = (tree: Tree<Tensor>, scale: Scalar = 1): Tree<Tensor> => {
  const sizes = map((leaf: Tensor) => abs(leaf), tree)
  return map((leaf: Tensor, size: Tensor) => mul(sign(leaf), size), tree, projectSimplex(sizes, scale))
}

/** Gives the nearest tree with Σ|x| ≤ scale. */
export const projectL1Ball = (tree: Tree<Tensor>, scale: Scalar = 1): Tree<Tensor> => {
  const norm = globalL1Norm(tree)
  return select(lessEqual(norm, at(scale, norm)), tree, projectL1Sphere(tree, scale))
}

/** Gives the nearest tree with joint norm = scale. */
export const projectL2Sphere = (tree: Tree<Tensor>, scale: Scalar = 1): Tree<Tensor> => {
  const norm = globalNorm(tree)
  return scaleTree(tree, div(asScalar(scale, norm.dtype), norm))
}

/** Gives the nearest tree with joint norm ≤ scale. */
export const projectL2Ball = (tree: Tree<Tensor>, scale: Scalar = 1): Tree<Tensor> => {
  const squares = squaredNorm(tree)
  const size = asScalar(scale, squares.dtype)
  return scaleTree(tree, div(size, sqrt(maximum(squares, mul(size, size)))))
}

/** Gives the nearest multiple of another tree. */
export const projectVector = (tree: Tree<Tensor>, direction: Tree<Tensor>): Tree<Tensor> =>
  scaleTree(direction, div(vdotTrees(tree, direction), vdotTrees(direction, direction)))

const distanceToPlane = (tree: Tree<Tensor>, normal: Tree<Tensor>, offset: Scalar): Tensor => {
  const product = vdotTrees(tree, normal)
  return div(sub(asScalar(offset, product.dtype), product), vdotTrees(normal, normal))
}

/** Gives the nearest tree x with Σ normal·x = offset. */
export const projectHyperplane = (tree: Tree<Tensor>, normal: Tree<Tensor>, offset: Scalar): Tree<Tensor> =>
  addScaled(tree, distanceToPlane(tree, normal, offset), normal)

/** Gives the nearest tree x with Σ normal·x ≤ offset. */
export const projectHalfspace = (tree: Tree<Tensor>, normal: Tree<Tensor>, offset: Scalar): Tree<Tensor> =>
  addScaled(tree, minimum(distanceToPlane(tree, normal, offset), 0), normal)
