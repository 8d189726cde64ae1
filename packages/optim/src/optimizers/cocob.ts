import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { mask as maskField, nonNegative } from '../fields.ts'
import type { Mask } from '../masks.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { scaleByCocob } from '../adaptive/cocob.ts'
import type { ScaleByCocobOptions } from '../adaptive/cocob.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of COCOB. */
export interface CocobOptions extends ScaleByCocobOptions {
  /** Factor of the gradient, ≥ 0; default 1. */
  readonly learningRate?: Hyperparameter
  /** Multiple of the parameters that joins the gradient, ≥ 0; default 0. */
  readonly weightDecay?: Hyperparameter
  /** Which leaves decay; default all. */
  readonly mask?: Mask | null
}

/**
 * COCOB: coin betting without a learning rate.
 *
 * see `scaleByCocob`
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, cocob } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = cocob()
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.99, -2.01]
 * @see Orabona and Tommasi, Training Deep Networks without Learning Rates Through Coin Betting, 2017, arXiv:1705.07795
 */
export const cocob = define<CocobOptions, readonly Tree<Tensor>[]>(
  'cocob',
  { learningRate: nonNegative(1), alpha: nonNegative(100), eps: nonNegative(1e-8), weightDecay: nonNegative(0), mask: maskField(null) },
  ({ learningRate, alpha, eps, weightDecay, mask }) =>
    chain(
      addDecayedWeights(weightDecay, { mask: mask as Mask | null }),
      scaleByLearningRate(learningRate, { flipSign: false }),
      scaleByCocob({ alpha, eps }),
    ),
)
