import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { mask as maskField, nonNegative } from '../fields.ts'
import type { Mask } from '../masks.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { adamaxFields, scaleByAdamax } from '../transforms/scale-by-adamax.ts'
import type { ScaleByAdamaxOptions } from '../transforms/scale-by-adamax.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of Adamax. */
export interface AdamaxOptions extends ScaleByAdamaxOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
}

/**
 * Adamax: Adam with the largest size in place of the root mean square.
 *
 * n ← max(|g| + eps, b2·n); u = −learningRate·m̂/n
 *
 * @example
 * import { applyUpdates, adamax } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = adamax({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.9, -2.1]
 * @see Kingma and Ba, Adam: A Method for Stochastic Optimization, 2014, arXiv:1412.6980
 */
export const adamax = define<AdamaxOptions, readonly Tree<Tensor>[]>(
  'adamax',
  { learningRate: nonNegative(), ...adamaxFields },
  ({ learningRate, ...rule }) => chain(scaleByAdamax(rule), scaleByLearningRate(learningRate)),
  { keras: { eps: 1e-7 } },
)

/** Options of Adamax with decoupled weight decay. */
export interface AdamaxwOptions extends AdamaxOptions {
  /** Multiple of the parameters that joins the update, ≥ 0; default 1e-4. */
  readonly weightDecay?: Hyperparameter
  /** Which leaves decay; default all. */
  readonly mask?: Mask | null
}

/**
 * Adamax with decoupled weight decay.
 *
 * u = −learningRate·(m̂/n + weightDecay·p)
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, adamaxw } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = adamaxw({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.89999, -2.09998]
 * @see Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2017, arXiv:1711.05101
 */
export const adamaxw = define<AdamaxwOptions, readonly Tree<Tensor>[]>(
  'adamaxw',
  { learningRate: nonNegative(), ...adamaxFields, weightDecay: nonNegative(1e-4), mask: maskField(null) },
  ({ learningRate, weightDecay, mask, ...rule }) =>
    chain(scaleByAdamax(rule), addDecayedWeights(weightDecay, { mask: mask as Mask | null }), scaleByLearningRate(learningRate)),
  { keras: { eps: 1e-7 } },
)
