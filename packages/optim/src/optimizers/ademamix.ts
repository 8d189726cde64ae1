import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { anyNumber, mask as maskField, nonNegative } from '../fields.ts'
import type { Mask } from '../masks.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { ademamixFields, scaleByAdemamix } from '../transforms/scale-by-ademamix.ts'
import type { ScaleByAdemamixOptions } from '../transforms/scale-by-ademamix.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of Ademamix. */
export interface AdemamixOptions extends ScaleByAdemamixOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
  /** Multiple of the parameters that joins the update, ≥ 0; default 0. */
  readonly weightDecay?: Hyperparameter
  /** Which leaves decay; default all. */
  readonly mask?: Mask | null
}

/**
 * AdEMAMix: Adam with a second, slow average of the gradients (alpha 5 by default).
 *
 * u = −learningRate·((m̂ + alpha·q)/(√v̂ + eps) + weightDecay·p)
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, ademamix } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = ademamix({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.89995, -2.10005]
 * @see Pagliardini et al., The AdEMAMix Optimizer: Better, Faster, Older, 2024, arXiv:2409.03137
 */
export const ademamix = define<AdemamixOptions, readonly Tree<Tensor>[]>(
  'ademamix',
  { learningRate: nonNegative(), ...ademamixFields, alpha: anyNumber(5), weightDecay: nonNegative(0), mask: maskField(null) },
  ({ learningRate, weightDecay, mask, ...rule }) =>
    chain(
      scaleByAdemamix(rule as ScaleByAdemamixOptions),
      addDecayedWeights(weightDecay, { mask: mask as Mask | null }),
      scaleByLearningRate(learningRate),
    ),
)
