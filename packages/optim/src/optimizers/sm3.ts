import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { decayRate, nonNegative } from '../fields.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { scaleBySm3 } from '../transforms/scale-by-sm3.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of SM3. */
export interface Sm3Options {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
  /** Decay of the average of the steps, in [0, 1); default 0.9. */
  readonly momentum?: Hyperparameter
}

/**
 * SM3: Adagrad with one number per row and column instead of one per element.
 *
 * u = −learningRate·m, see `scaleBySm3`
 *
 * @example
 * import { applyUpdates, sm3 } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = sm3({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.99, -2.01]
 * @see Anil et al., Memory-Efficient Adaptive Optimization, 2019, arXiv:1901.11150
 */
export const sm3 = define<Sm3Options, readonly Tree<Tensor>[]>(
  'sm3',
  { learningRate: nonNegative(), momentum: decayRate(0.9) },
  ({ learningRate, momentum }) => chain(scaleBySm3({ b1: momentum }), scaleByLearningRate(learningRate)),
)
