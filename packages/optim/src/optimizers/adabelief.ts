import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { nonNegative } from '../fields.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { scaleByBelief, beliefFields } from '../transforms/scale-by-belief.ts'
import type { ScaleByBeliefOptions } from '../transforms/scale-by-belief.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of Adabelief. */
export interface AdabeliefOptions extends ScaleByBeliefOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
}

/**
 * AdaBelief: Adam with the squared distance from the average in place of the square.
 *
 * s ← b2·s + (1 − b2)·(g − m)² + epsRoot; u = −learningRate·m̂/(√ŝ + eps)
 *
 * @example
 * import { applyUpdates, adabelief } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = adabelief({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.88889, -2.1111]
 * @see Zhuang et al., AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients, 2020, arXiv:2010.07468
 */
export const adabelief = define<AdabeliefOptions, readonly Tree<Tensor>[]>(
  'adabelief',
  { learningRate: nonNegative(), ...beliefFields },
  ({ learningRate, ...rule }) => chain(scaleByBelief(rule), scaleByLearningRate(learningRate)),
)
