import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { nonNegative } from '../fields.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { scaleByNovograd, novogradFields } from '../transforms/scale-by-novograd.ts'
import type { ScaleByNovogradOptions } from '../transforms/scale-by-novograd.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of Novograd. */
export interface NovogradOptions extends ScaleByNovogradOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
}

/**
 * NovoGrad: momentum of gradients divided by the norm of their leaf.
 *
 * u = −learningRate·m, see `scaleByNovograd`; eps 1e-6
 *
 * @example
 * import { applyUpdates, novograd } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = novograd({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.91056, -2.0447]
 * @see Ginsburg et al., Stochastic Gradient Methods with Layer-wise Adaptive Moments, 2019, arXiv:1905.11286
 */
export const novograd = define<NovogradOptions, readonly Tree<Tensor>[]>(
  'novograd',
  { learningRate: nonNegative(), ...novogradFields, eps: nonNegative(1e-6) },
  ({ learningRate, ...rule }) => chain(scaleByNovograd(rule), scaleByLearningRate(learningRate)),
)
