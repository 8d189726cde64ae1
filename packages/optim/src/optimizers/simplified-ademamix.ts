import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { mask as maskField, nonNegative } from '../fields.ts'
import type { Mask } from '../masks.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { simplifiedAdemamixFields, scaleBySimplifiedAdemamix } from '../transforms/scale-by-ademamix.ts'
import type { ScaleBySimplifiedAdemamixOptions } from '../transforms/scale-by-ademamix.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of SimplifiedAdemamix. */
export interface SimplifiedAdemamixOptions extends ScaleBySimplifiedAdemamixOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
  /** Multiple of the parameters that joins the update, ≥ 0; default 0. */
  readonly weightDecay?: Hyperparameter
  /** Which leaves decay; default all. */
  readonly mask?: Mask | null
}

/**
 * Simplified AdEMAMix: undamped momentum with extra weight on the newest gradient.
 *
 * u = −learningRate·((m + alpha·g)/(√n̂ + eps) + weightDecay·p)
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, simplifiedAdemamix } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = simplifiedAdemamix({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.9, -2.1]
 * @see Morwani et al., Connections between Schedule-Free Optimizers, AdEMAMix, and Accelerated SGD Variants, 2025, arXiv:2502.02431
 */
export const simplifiedAdemamix = define<SimplifiedAdemamixOptions, readonly Tree<Tensor>[]>(
  'simplifiedAdemamix',
  { learningRate: nonNegative(), ...simplifiedAdemamixFields, weightDecay: nonNegative(0), mask: maskField(null) },
  ({ learningRate, weightDecay, mask, ...rule }) =>
    chain(
      scaleBySimplifiedAdemamix(rule as ScaleBySimplifiedAdemamixOptions),
      addDecayedWeights(weightDecay, { mask: mask as Mask | null }),
      scaleByLearningRate(learningRate),
    ),
)
