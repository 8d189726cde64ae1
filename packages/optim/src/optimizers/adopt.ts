import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { nonNegative } from '../fields.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { scaleByAdopt, adoptFields } from '../transforms/scale-by-adopt.ts'
import type { ScaleByAdoptOptions } from '../transforms/scale-by-adopt.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of Adopt. */
export interface AdoptOptions extends ScaleByAdoptOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
}

/**
 * ADOPT: Adam in an order that converges for any b2. The first step only fills the average.
 *
 * u = −learningRate·m, see `scaleByAdopt`
 *
 * @example
 * import { applyUpdates, adopt } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = adopt({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [1, -2]
 * @see Taniguchi et al., ADOPT: Modified Adam Can Converge with Any β2 with the Optimal Rate, 2024, arXiv:2411.02853
 */
export const adopt = define<AdoptOptions, readonly Tree<Tensor>[]>(
  'adopt',
  { learningRate: nonNegative(), ...adoptFields },
  ({ learningRate, ...rule }) => chain(scaleByAdopt(rule), scaleByLearningRate(learningRate)),
)
