import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { dialectField, nonNegative } from '../fields.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { scaleByRss } from '../transforms/scale-by-rss.ts'
import type { Dialect, Hyperparameter } from '../transformation.ts'
/** Options of Adagrad. */
export interface AdagradOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
  /** First value of the sums of squares; default 0.1 (torch 0). */
  readonly initialAccumulatorValue?: Hyperparameter
  /** Against division by zero; default 1e-7 (torch 1e-10). */
  readonly eps?: Hyperparameter
  /** torch adds eps to the root; default optax. */
  readonly dialect?: Dialect
}

/**
 * Adagrad: gradient descent with each gradient divided by the root of the sum of all its squares.
 *
 * s ← s + g²; u = −learningRate·g/√(s + eps)
 *
 * @example
 * import { applyUpdates, adagrad } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = adagrad({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.91548, -2.062]
 * @see Duchi et al., Adaptive Subgradient Methods for Online Learning and Stochastic Optimization, 2011
 */
export const adagrad = define<AdagradOptions, readonly Tree<Tensor>[]>(
  'adagrad',
  { learningRate: nonNegative(), initialAccumulatorValue: nonNegative(0.1), eps: nonNegative(1e-7), dialect: dialectField },
  ({ learningRate, dialect, ...sums }) => chain(scaleByRss({ ...sums, epsInRoot: dialect !== 'torch' }), scaleByLearningRate(learningRate)),
  { torch: { initialAccumulatorValue: 0, eps: 1e-10 } },
)
