import { div, equal, mul, or, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { nonNegative } from '../fields.ts'
import { plusEps, safeNorm, safeRootMeanSquare } from '../numerics/norms.ts'
import type { Hyperparameter } from '../transformation.ts'
import { paramsOf, stateless } from './stateless.ts'

/** Options of the trust ratio. */
export interface ScaleByTrustRatioOptions {
  /** Smallest norm that counts, of parameters and updates; default 0. */
  readonly minNorm?: Hyperparameter
  /** Factor of the ratio; default 1. */
  readonly trustCoefficient?: Hyperparameter
  /** Added to the norm of the updates; default 0. */
  readonly eps?: Hyperparameter
}

/**
 * Scales each leaf by the ratio of the norms of parameters and update.
 *
 * u = g·trustCoefficient·‖p‖/(‖g‖ + eps), and g where a norm is 0
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { scaleByTrustRatio } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const params = tensor([6, 8])
 * toArray(scaleByTrustRatio().update(tensor([3, 4]), null, { params })[0] as Tensor) // => [6, 8]
 * @see You et al., Large Batch Optimization for Deep Learning: Training BERT in 76 minutes, 2019, arXiv:1904.00962
 */
export const scaleByTrustRatio = define<ScaleByTrustRatioOptions, null>(
  'scaleByTrustRatio',
  { minNorm: nonNegative(0), trustCoefficient: nonNegative(1), eps: nonNegative(0) },
  ({ minNorm, trustCoefficient, eps }) =>
    stateless((updates, _, context) =>
      map(
        (update: Tensor, param: Tensor) => {
          const size = safeNorm(param, minNorm)
          const step = safeNorm(update, minNorm)
          const ratio = div(mul(size, at(trustCoefficient, size)), plusEps(step, eps))
          return mul(update, where(or(equal(size, 0), equal(step, 0)), 1, ratio))
        },
        updates,
        paramsOf('scaleByTrustRatio', context),
      ),
    ),
)

/** Options of scaling by the size of a parameter block. */
export interface ScaleByParamBlockOptions {
  /** Smallest factor; default 1e-3. */
  readonly minScale?: Hyperparameter
}

/**
 * Multiplies each leaf by the norm of its parameters.
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { scaleByParamBlockNorm } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * toArray(scaleByParamBlockNorm().update(tensor([1, 2]), null, { params: tensor([3, 4]) })[0] as Tensor) // => [5, 10]
 */
export const scaleByParamBlockNorm = define<ScaleByParamBlockOptions, null>(
  'scaleByParamBlockNorm',
  { minScale: nonNegative(1e-3) },
  ({ minScale }) =>
    stateless((updates, _, context) =>
      map((u: Tensor, p: Tensor) => mul(u, safeNorm(p, minScale)), updates, paramsOf('scaleByParamBlockNorm', context)),
    ),
)

/**
 * Multiplies each leaf by the root mean square of its parameters.
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { scaleByParamBlockRms } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * toArray(scaleByParamBlockRms().update(tensor([1, 2]), null, { params: tensor([2, -2]) })[0] as Tensor) // => [2, 4]
 */
export const scaleByParamBlockRms = define<ScaleByParamBlockOptions, null>(
  'scaleByParamBlockRms',
  { minScale: nonNegative(1e-3) },
  ({ minScale }) =>
    stateless((updates, _, context) =>
      map((u: Tensor, p: Tensor) => mul(u, safeRootMeanSquare(p, minScale)), updates, paramsOf('scaleByParamBlockRms', context)),
    ),
)
