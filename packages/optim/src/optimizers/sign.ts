import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { decayRate, nonNegative } from '../fields.ts'
import { ema } from '../transforms/ema.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { scaleBySign } from '../transforms/scale-by-sign.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of signed gradient descent. */
export interface SignSgdOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
}

/**
 * Steps by the sign of the gradient.
 *
 * u = −learningRate·sign(g)
 *
 * @example
 * import { applyUpdates, signSgd } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = signSgd({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.9, -2.1]
 * @see Bernstein et al., signSGD: Compressed Optimisation for Non-Convex Problems, 2018, arXiv:1802.04434
 */
export const signSgd = define<SignSgdOptions, readonly Tree<Tensor>[]>('signSgd', { learningRate: nonNegative() }, ({ learningRate }) =>
  chain(scaleBySign(), scaleByLearningRate(learningRate)),
)

/** Options of Signum. */
export interface SignumOptions extends SignSgdOptions {
  /** Decay of the average, in [0, 1); default 0.9. */
  readonly beta?: Hyperparameter
}

/**
 * Steps by the sign of averaged gradients.
 *
 * m ← beta·m + (1 − beta)·g; u = −learningRate·sign(m)
 *
 * @example
 * import { applyUpdates, signum } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = signum({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.9, -2.1]
 * @see Bernstein et al., signSGD: Compressed Optimisation for Non-Convex Problems, 2018, arXiv:1802.04434
 */
export const signum = define<SignumOptions, readonly Tree<Tensor>[]>(
  'signum',
  { learningRate: nonNegative(), beta: decayRate(0.9) },
  ({ learningRate, beta }) => chain(ema(beta, { debias: false }), scaleBySign(), scaleByLearningRate(learningRate)),
)
