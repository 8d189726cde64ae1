import { cast, concat, reshape, sizeOf, split } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { leaves, unflatten } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { floatDType } from '../define.ts'

/** All leaves of a tree as one vector, in canonical order. */
export const flattenTree = (tree: Tree<Tensor>): Tensor => {
  const dtype = floatDType(tree)
  return concat(leaves(tree).map((leaf) => reshape(cast(leaf, dtype), [-1])))
}

/** Cuts a vector back into the leaves of a tree. */
export const unflattenTree = (structure: Tree<Tensor>, flat: Tensor): Tree<Tensor> => {
  const wanted = leaves(structure)
  const parts = split(
    flat,
    wanted.map(({ shape }) => sizeOf(shape)),
  )
  return unflatten(
    structure,
    wanted.map((leaf, i) => cast(reshape(parts[i] as Tensor, leaf.shape), leaf.dtype)),
  )
}
