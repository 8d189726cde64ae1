import { add } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'

/**
 * Adds updates to parameters.
 *
 * @returns a tree like the parameters
 * @throws {TreeError} when the structures differ
 * @example
 * import { applyUpdates } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * toArray(applyUpdates({ w: tensor([1]) }, { w: tensor([-0.5]) }).w) // => [0.5]
 */
export const applyUpdates = <Params extends Tree<Tensor>>(params: Params, updates: Tree<Tensor>): Params =>
  map((param: Tensor, update: Tensor) => add(param, update), params as Tree<Tensor>, updates) as Params
