import { adam, applyUpdates } from '@grad-ts/optim'
import { evaluate, sum } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { leaves, map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import type { StepCase } from './case.ts'
import { gaussian } from './training.ts'

/** The update of Adam alone, on a million parameters in some number of tensors; the gradients are the batch. */
export const adamUpdate = (tensors: number): StepCase => {
  const solver = adam({ learningRate: 1e-3 })
  const tree = (seed: number): Tree<Tensor> => Array.from({ length: tensors }, (_, i) => gaussian(seed + i, [1e6 / tensors]))
  const params = tree(0)
  return {
    state: { params, optimizer: map((leaf: Tensor): Tensor => evaluate(leaf), solver.init(params) as Tree<Tensor>) },
    batch: tree(1000),
    step: (state, gradients) => {
      const { params: current, optimizer } = state as { readonly params: Tree<Tensor>; readonly optimizer: Tree<Tensor> }
      const [updates, next] = solver.update(gradients, optimizer as never, { params: current })
      const count = leaves<Tensor>(next as Tree<Tensor>)[0] as Tensor
      return [{ params: applyUpdates(current, updates), optimizer: next as Tree<Tensor> }, sum(count)]
    },
    runs: 30,
    loop: 10,
  }
}
