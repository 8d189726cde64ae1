import type { OpAttributes, OpName, Tensor } from '@grad-ts/tensor'

/** Makes a node, or gives the one that already computes the same. */
export type Make = <Op extends OpName>(op: Op, inputs: readonly Tensor[], attributes: OpAttributes[Op]) => Tensor

/** Gives something simpler that computes the same as a node, or nothing. */
export type Rewrite = (node: Tensor, make: Make) => Tensor | undefined
