import { broadcastTo, cast, full, isTensor, zerosLike } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import type { Scalar } from '../transformation.ts'

/** Zeros in the shape and dtype of every leaf. */
export const zerosLikeTree = (tree: Tree<Tensor>): Tree<Tensor> => map((leaf: Tensor) => zerosLike(leaf), tree)

/** One value in the shape and dtype of every leaf. */
export const fullTree = (tree: Tree<Tensor>, value: Scalar): Tree<Tensor> =>
  map((leaf: Tensor) => (isTensor(value) ? broadcastTo(cast(value, leaf.dtype), leaf.shape) : full(leaf.shape, value, leaf.dtype)), tree)
