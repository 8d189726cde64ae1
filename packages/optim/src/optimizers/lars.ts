import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { flag, mask as maskField, nonNegative } from '../fields.ts'
import type { Mask } from '../masks.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { trace } from '../transforms/trace.ts'
import { scaleByTrustRatio } from '../transforms/trust-ratio.ts'
import { masked } from '../wrappers/masked.ts'
import type { GradientTransformation, Hyperparameter } from '../transformation.ts'
/** Options of LARS. */
export interface LarsOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
  /** Multiple of the parameters that joins the gradient, ≥ 0; default 0. */
  readonly weightDecay?: Hyperparameter
  /** Which leaves decay; default all. */
  readonly weightDecayMask?: Mask | null
  /** Factor of the trust ratio; default 0.001. */
  readonly trustCoefficient?: Hyperparameter
  /** Added to the norm of the update; default 0. */
  readonly eps?: Hyperparameter
  /** Which leaves are scaled by the ratio; default all. */
  readonly trustRatioMask?: Mask | null
  /** Decay of the momentum, ≥ 0; default 0.9. */
  readonly momentum?: Hyperparameter
  /** Nesterov's look-ahead; default false. */
  readonly nesterov?: boolean
}

/**
 * LARS: momentum with each leaf scaled to the size of its parameters, for large batches. The momentum comes after the learning rate.
 *
 * r = g + weightDecay·p; r ← r·trustCoefficient·‖p‖/(‖r‖ + eps); m ← momentum·m − learningRate·r; u = m
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, lars } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = lars({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.9998, -2.0001]
 * @see You et al., Large Batch Training of Convolutional Networks, 2017, arXiv:1708.03888
 */
export const lars = define<LarsOptions, readonly Tree<Tensor>[]>(
  'lars',
  {
    learningRate: nonNegative(),
    weightDecay: nonNegative(0),
    weightDecayMask: maskField(null),
    trustCoefficient: nonNegative(0.001),
    eps: nonNegative(0),
    trustRatioMask: maskField(null),
    momentum: nonNegative(0.9),
    nesterov: flag(false),
  },
  ({ learningRate, weightDecay, weightDecayMask, trustCoefficient, eps, trustRatioMask, momentum, nesterov }) => {
    const ratio: GradientTransformation = scaleByTrustRatio({ trustCoefficient, eps })
    return chain(
      addDecayedWeights(weightDecay, { mask: weightDecayMask as Mask | null }),
      trustRatioMask === null ? ratio : masked(ratio, trustRatioMask as Mask),
      scaleByLearningRate(learningRate),
      trace(momentum, { nesterov }),
    )
  },
)
