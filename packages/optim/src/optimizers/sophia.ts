import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { mask as maskField, nonNegative } from '../fields.ts'
import type { Mask } from '../masks.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { sophiaFields, scaleBySophia } from '../transforms/scale-by-sophia.ts'
import type { ScaleBySophiaOptions } from '../transforms/scale-by-sophia.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of Sophia. */
export interface SophiaOptions extends ScaleBySophiaOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
  /** Multiple of the parameters that joins the update, ≥ 0; default 1e-4. */
  readonly weightDecay?: Hyperparameter
  /** Which leaves decay; default all. */
  readonly mask?: Mask | null
}

/**
 * Sophia: divides averaged gradients by averaged estimates of the curvature, and bounds the step.
 *
 * u = −learningRate·(clip(m̂/max(gamma·h, eps), ±clipThreshold) + weightDecay·p)
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, sophia } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = sophia({ learningRate: 0.1, hessianDiagonal: (gradient) => gradient })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.89999, -2.09998]
 * @see Liu et al., Sophia: A Scalable Stochastic Second-order Optimizer for Language Model Pre-training, 2023, arXiv:2305.14342
 */
export const sophia = define<SophiaOptions, readonly Tree<Tensor>[]>(
  'sophia',
  { learningRate: nonNegative(), ...sophiaFields, weightDecay: nonNegative(1e-4), mask: maskField(null) },
  ({ learningRate, weightDecay, mask, ...rule }) =>
    chain(
      scaleBySophia(rule as ScaleBySophiaOptions),
      addDecayedWeights(weightDecay, { mask: mask as Mask | null }),
      scaleByLearningRate(learningRate),
    ),
)
