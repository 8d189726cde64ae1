import { add, asTensor, cast, equal, isFinite, not, sum } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { leaves } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'

/** How many elements of a leaf are NaN or infinite, float32 `[]`. */
export const countNonFinite = (leaf: Tensor): Tensor => sum(cast(not(isFinite(leaf)), 'float32'))

/** Tells whether every element of a tree is finite, bool `[]`. */
export const allFinite = (tree: Tree<Tensor>): Tensor =>
  equal(
    leaves(tree).reduce<Tensor>((count, leaf) => add(count, countNonFinite(leaf)), asTensor(0, 'float32')),
    0,
  )
