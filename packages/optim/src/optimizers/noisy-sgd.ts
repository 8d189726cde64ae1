import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { nonNegative, wholeNumber } from '../fields.ts'
import { addNoise } from '../transforms/add-noise.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of noisy gradient descent. */
export interface NoisySgdOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
  /** Variance of the noise in the first step, ≥ 0; default 0.01. */
  readonly eta?: Hyperparameter
  /** Exponent with which it falls, ≥ 0; default 0.55. */
  readonly gamma?: Hyperparameter
  /** Seed of the noise, a whole number ≥ 0; default 0. */
  readonly seed?: number
}

/**
 * Gradient descent with normal noise of falling variance.
 *
 * u = −learningRate·(g + √(eta/t^gamma)·N(0, 1))
 *
 * @example
 * import { applyUpdates, noisySgd } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = noisySgd({ learningRate: 0.1, eta: 0 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.95, -2.025]
 * @see Neelakantan et al., Adding Gradient Noise Improves Learning for Very Deep Networks, 2015, arXiv:1511.06807
 */
export const noisySgd = define<NoisySgdOptions, readonly Tree<Tensor>[]>(
  'noisySgd',
  { learningRate: nonNegative(), eta: nonNegative(0.01), gamma: nonNegative(0.55), seed: wholeNumber(0, 0) },
  ({ learningRate, ...noise }) => chain(addNoise(noise), scaleByLearningRate(learningRate)),
)
