import { add, div, cast, isNaN, less, matmul, minimum, reshape, sizeOf, sqrt, square, sum, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { leaves, map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { floatDType } from '../define.ts'
import { ContextError } from '../errors.ts'
import { asScalar, times } from '../numerics/scalar-math.ts'
import type { Scalar } from '../transformation.ts'

const batchOf = (name: string, gradients: Tree<Tensor>): number => {
  const sizes = leaves(gradients).map(({ shape }) => shape[0])
  const [first] = sizes
  if (first === undefined || sizes.some((size) => size !== first))
    throw new ContextError(name, `expected every leaf to have the same first axis of examples, got ${sizes.join(', ')}`)
  return first
}

const rows = (leaf: Tensor): Tensor => reshape(leaf, [leaf.shape[0] as number, -1])

/** Σ x² of each example over some leaves, `[batch]`. */
const squaredNorms = (parts: readonly Tensor[]): Tensor =>
  parts.map((leaf) => sum(square(rows(leaf)), { axes: 1 })).reduce((total, part) => add(total, part))

/** min(limit/norm, 1) for each example; an example of zeros counts whole. */
const multipliersOf = (parts: readonly Tensor[], limit: Scalar): Tensor => {
  const norms = sqrt(squaredNorms(parts))
  const ratio = div(asScalar(limit, norms.dtype), norms)
  return where(isNaN(ratio), 1, minimum(ratio, 1))
}

const weightedSum = (leaf: Tensor, multipliers: Tensor): Tensor =>
  reshape(matmul(reshape(cast(multipliers, leaf.dtype), [1, -1]), rows(leaf), { precision: 'full' }), leaf.shape.slice(1))

const countClipped = (multipliers: Tensor): Tensor => sum(cast(less(multipliers, 1), 'int32'))

/**
 * Clips the gradient of each example to a joint norm, then sums the examples.
 *
 * @param gradients leaves `[batch, …]`
 * @param maxNorm largest norm of one example, > 0
 * @returns the sum, leaves `[…]`, and the number of clipped examples, int32 `[]`
 * @throws {ContextError} when the leaves have no common first axis
 * @example
 * import { perExampleGlobalNormClip } from '@grad-ts/optim'
 * import { tensor, toArray, toNumber } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const [total, clipped] = perExampleGlobalNormClip(tensor([[3, 4], [0, 0.5]]), 1)
 * toArray(total as Tensor) // => [0.6, 1.3]
 * toNumber(clipped) // => 1
 * @see Abadi et al., Deep Learning with Differential Privacy, 2016, arXiv:1607.00133
 */
export const perExampleGlobalNormClip = (gradients: Tree<Tensor>, maxNorm: Scalar): readonly [Tree<Tensor>, Tensor] => {
  batchOf('perExampleGlobalNormClip', gradients)
  const dtype = floatDType(gradients)
  const multipliers = multipliersOf(
    leaves(gradients).map((leaf) => cast(leaf, dtype)),
    maxNorm,
  )
  return [map((leaf: Tensor) => weightedSum(leaf, multipliers), gradients), countClipped(multipliers)]
}

/**
 * Clips the gradient of each example in each leaf to the leaf's part of a norm, then sums the examples.
 *
 * @param maxNorm joint norm that is shared out, > 0
 * @param options.uniform share equally (default), or in proportion to the leaf's size
 * @returns the sums, and the number of clipped examples of each leaf
 */
export const perExampleLayerNormClip = (
  gradients: Tree<Tensor>,
  maxNorm: Scalar,
  { uniform = true }: { readonly uniform?: boolean } = {},
): readonly [Tree<Tensor>, Tree<Tensor>] => {
  const batch = batchOf('perExampleLayerNormClip', gradients)
  const parts = leaves(gradients)
  const all = parts.reduce((count, { shape }) => count + sizeOf(shape), 0) / batch
  const share = (leaf: Tensor): number => (uniform ? 1 / parts.length : sizeOf(leaf.shape) / batch / all)
  const multipliers = (leaf: Tensor): Tensor => multipliersOf([leaf], times(maxNorm, Math.sqrt(share(leaf))))
  return [
    map((leaf: Tensor) => weightedSum(leaf, multipliers(leaf)), gradients),
    map((leaf: Tensor) => countClipped(multipliers(leaf)), gradients),
  ]
}
