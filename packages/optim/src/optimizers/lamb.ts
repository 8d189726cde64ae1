import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { decayRate, dialectField, mask as maskField, nonNegative } from '../fields.ts'
import type { Mask } from '../masks.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { scaleByAdam } from '../transforms/scale-by-adam.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { scaleByTrustRatio } from '../transforms/trust-ratio.ts'
import type { Dialect, Hyperparameter } from '../transformation.ts'
/** Options of LAMB. */
export interface LambOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
  /** Decay of the average of the updates, in [0, 1); default 0.9. */
  readonly b1?: Hyperparameter
  /** Decay of the average of the squares, in [0, 1); default 0.999. */
  readonly b2?: Hyperparameter
  /** Added to the root; default 1e-6 (keras 1e-7). */
  readonly eps?: Hyperparameter
  /** Added under the root; default 0. */
  readonly epsRoot?: Hyperparameter
  /** Multiple of the parameters that joins the update, ≥ 0; default 0. */
  readonly weightDecay?: Hyperparameter
  /** Which leaves decay; default all. */
  readonly mask?: Mask | null
  /** keras adds the weight decay outside the ratio; default optax. */
  readonly dialect?: Dialect
}

/**
 * LAMB: Adam with each leaf scaled to the size of its parameters, for large batches.
 *
 * r = m̂/(√v̂ + eps) + weightDecay·p; u = −learningRate·r·‖p‖/‖r‖ (ratio 1 where a norm is 0)
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, lamb } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = lamb({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.84189, -2.1581]
 * @see You et al., Large Batch Optimization for Deep Learning: Training BERT in 76 minutes, 2019, arXiv:1904.00962
 */
export const lamb = define<LambOptions, readonly Tree<Tensor>[]>(
  'lamb',
  {
    learningRate: nonNegative(),
    b1: decayRate(0.9),
    b2: decayRate(0.999),
    eps: nonNegative(1e-6),
    epsRoot: nonNegative(0),
    weightDecay: nonNegative(0),
    mask: maskField(null),
    dialect: dialectField,
  },
  ({ learningRate, weightDecay, mask, dialect, ...rule }) => {
    const decay = addDecayedWeights(weightDecay, { mask: mask as Mask | null })
    const inside = dialect === 'keras' ? [scaleByTrustRatio(), decay] : [decay, scaleByTrustRatio()]
    return chain(scaleByAdam(rule), ...inside, scaleByLearningRate(learningRate))
  },
  { keras: { eps: 1e-7 } },
)
