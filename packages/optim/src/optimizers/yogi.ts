import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { decayRate, nonNegative } from '../fields.ts'
import { scaleByYogi } from '../transforms/scale-by-yogi.ts'
import type { ScaleByYogiOptions } from '../transforms/scale-by-yogi.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of Yogi. */
export interface YogiOptions extends ScaleByYogiOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
}

/**
 * Yogi: Adam whose average of squares moves by a bounded amount, up or down.
 *
 * v ← v − (1 − b2)·sign(v − g²)·g²; u = −learningRate·m̂/(√v̂ + eps)
 *
 * @example
 * import { applyUpdates, yogi } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = yogi({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.9004, -2.0988]
 * @see Zaheer et al., Adaptive Methods for Nonconvex Optimization, 2018
 */
export const yogi = define<YogiOptions, readonly Tree<Tensor>[]>(
  'yogi',
  {
    learningRate: nonNegative(),
    b1: decayRate(0.9),
    b2: decayRate(0.999),
    eps: nonNegative(1e-3),
    epsRoot: nonNegative(0),
    initialAccumulatorValue: nonNegative(1e-6),
  },
  ({ learningRate, ...rule }) => chain(scaleByYogi(rule), scaleByLearningRate(learningRate)),
)
