import type { Tree } from '@grad-ts/tree'
import type { Tensor } from '@grad-ts/tensor'

/** A training step to measure: where it starts, what one batch looks like, and how one step goes. */
export interface StepCase {
  readonly state: Tree<Tensor>
  readonly batch: Tree<Tensor>
  readonly step: (state: Tree<Tensor>, batch: Tree<Tensor>) => readonly [Tree<Tensor>, Tree<Tensor>]
  /** Runs measured (after a tenth as many to warm up). */
  readonly runs: number
  /** Steps per run of the looped form. */
  readonly loop: number
}
