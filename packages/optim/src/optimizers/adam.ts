import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { mask as maskField, nonNegative } from '../fields.ts'
import type { Mask } from '../masks.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { adamDialects, adamFields, scaleByAdam } from '../transforms/scale-by-adam.ts'
import type { ScaleByAdamOptions, ScaleByAdamState } from '../transforms/scale-by-adam.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import type { Hyperparameter } from '../transformation.ts'

/** Options of Adam. */
export interface AdamOptions extends ScaleByAdamOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
}

/**
 * Adam: gradient descent with averaged gradients divided by the root of their averaged squares.
 *
 * u = −learningRate·m̂/(√v̂ + eps). With dialect keras eps (1e-7) is added before the correction of v.
 *
 * @example
 * import { adam, applyUpdates } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = adam({ learningRate: 0.5, eps: 0 })
 * const params = { w: tensor([1], { dtype: 'float64' }) }
 * const [updates] = solver.update({ w: tensor([4], { dtype: 'float64' }) }, solver.init(params), { params })
 * toArray(applyUpdates(params, updates).w) // => [0.5]
 * @see Kingma and Ba, Adam: A Method for Stochastic Optimization, 2014, arXiv:1412.6980
 */
export const adam = define<AdamOptions, readonly [ScaleByAdamState, null]>(
  'adam',
  { learningRate: nonNegative(), ...adamFields },
  ({ learningRate, ...rule }) => chain(scaleByAdam(rule), scaleByLearningRate(learningRate)),
  adamDialects,
)

/** Options of Adam with decoupled weight decay. */
export interface AdamwOptions extends AdamOptions {
  /** Multiple of the parameters that joins the update, ≥ 0; default 1e-4 (torch 1e-2, keras 4e-3). */
  readonly weightDecay?: Hyperparameter
  /** Which leaves decay; default all. */
  readonly mask?: Mask | null
}

/**
 * Adam with decoupled weight decay.
 *
 * u = −learningRate·(m̂/(√v̂ + eps) + weightDecay·p)
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { adamw, applyUpdates } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = adamw({ learningRate: 0.5, eps: 0, weightDecay: 0.5 })
 * const params = { w: tensor([1], { dtype: 'float64' }) }
 * const [updates] = solver.update({ w: tensor([4], { dtype: 'float64' }) }, solver.init(params), { params })
 * toArray(applyUpdates(params, updates).w) // => [0.25]
 * @see Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2017, arXiv:1711.05101
 */
export const adamw = define<AdamwOptions, readonly [ScaleByAdamState, null, null]>(
  'adamw',
  { learningRate: nonNegative(), ...adamFields, weightDecay: nonNegative(1e-4), mask: maskField(null) },
  ({ learningRate, weightDecay, mask, ...rule }) =>
    chain(scaleByAdam(rule), addDecayedWeights(weightDecay, { mask }), scaleByLearningRate(learningRate)),
  { torch: { weightDecay: 1e-2 }, keras: { ...adamDialects.keras, weightDecay: 4e-3 } },
)
