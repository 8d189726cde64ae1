import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { anyNumber, flag, nonNegative } from '../fields.ts'
import { adamFields, scaleByAdam } from '../transforms/scale-by-adam.ts'
import type { ScaleByAdamOptions } from '../transforms/scale-by-adam.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { scaleByOptimisticGradient } from '../transforms/scale-by-optimistic-gradient.ts'
import type { ScaleByOptimisticGradientOptions } from '../transforms/scale-by-optimistic-gradient.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of optimistic gradient descent. */
export interface OptimisticGradientDescentOptions extends ScaleByOptimisticGradientOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
}

/**
 * Gradient descent that adds the change of the gradient, for games and min-max problems.
 *
 * u = −learningRate·((alpha + beta)·g − beta·gₜ₋₁)
 *
 * @example
 * import { applyUpdates, optimisticGradientDescent } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = optimisticGradientDescent({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.95, -2.025]
 * @see Mokhtari et al., A Unified Analysis of Extra-gradient and Optimistic Gradient Methods, 2019, arXiv:1901.08511
 */
export const optimisticGradientDescent = define<OptimisticGradientDescentOptions, readonly Tree<Tensor>[]>(
  'optimisticGradientDescent',
  { learningRate: nonNegative(), alpha: anyNumber(1), beta: anyNumber(1) },
  ({ learningRate, alpha, beta }) => chain(scaleByOptimisticGradient({ alpha, beta }), scaleByLearningRate(learningRate)),
)

/** Options of optimistic Adam. */
export interface OptimisticAdamOptions extends ScaleByAdamOptions, ScaleByOptimisticGradientOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
}

/**
 * Adam (with Nesterov momentum by default) that adds the change of its direction.
 *
 * d = Adam direction; u = −learningRate·((alpha + beta)·d − beta·dₜ₋₁)
 *
 * @example
 * import { applyUpdates, optimisticAdam } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = optimisticAdam({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.85263, -2.1474]
 * @see Daskalakis et al., Training GANs with Optimism, 2017, arXiv:1711.00141
 */
export const optimisticAdam = define<OptimisticAdamOptions, readonly Tree<Tensor>[]>(
  'optimisticAdam',
  { learningRate: nonNegative(), alpha: anyNumber(1), beta: anyNumber(1), ...adamFields, nesterov: flag(true) },
  ({ learningRate, alpha, beta, ...rule }) =>
    chain(scaleByAdam(rule), scaleByOptimisticGradient({ alpha, beta }), scaleByLearningRate(learningRate)),
)
