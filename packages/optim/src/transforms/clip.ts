import { abs, add, clamp, div, less, maximum, minimum, mul, pow, sum, where } from '@grad-ts/tensor'
import type { Axes, Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import type { Fixed } from '../define.ts'
import { axes as axesField, choice, hyper, nonNegative, staticNumber } from '../fields.ts'
import { globalL1Norm, globalMaxNorm, globalNorm, plusEps, rootMeanSquare, unitNorm } from '../numerics/norms.ts'
import { asScalar, negative } from '../numerics/scalar-math.ts'
import { total } from '../numerics/trees.ts'
import type { Dialect, GradientTransformation, Hyperparameter, Scalar } from '../transformation.ts'
import { paramsOf, stateless, statelessLeafwise } from './stateless.ts'

export const clipOf = define<{ readonly maxDelta: Hyperparameter }, null>('clip', { maxDelta: nonNegative() }, ({ maxDelta }) =>
  statelessLeafwise((update) => clamp(update, at(negative(maxDelta), update), at(maxDelta, update))),
)

/**
 * Bounds every element of the updates to [−maxDelta, maxDelta].
 *
 * @param maxDelta number ≥ 0
 * @example
 * import { clip } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * toArray(clip(1).update(tensor([4, -0.5]), null)[0] as Tensor) // => [1, -0.5]
 */
export const clip = (maxDelta: Scalar): GradientTransformation<null> => clipOf({ maxDelta })

/** Options of clipping by the joint norm. */
export interface ClipByGlobalNormOptions {
  /** Largest norm, ≥ 0. */
  readonly maxNorm: Hyperparameter
  /** Which norm, > 0; `Infinity` is the largest element; default 2. */
  readonly order?: number
  /** torch multiplies by min(1, maxNorm/(n + 1e-6)); default optax. */
  readonly dialect?: Dialect
}

const normOfOrder = (updates: Parameters<typeof globalNorm>[0], order: number): Tensor => {
  if (order === 2) return globalNorm(updates)
  if (order === 1) return globalL1Norm(updates)
  if (order === Infinity) return globalMaxNorm(updates)
  return pow(
    total(updates, (leaf) => sum(pow(abs(leaf), order))),
    1 / order,
  )
}

export const clipByGlobalNormOf = define<ClipByGlobalNormOptions, null>(
  'clipByGlobalNorm',
  { maxNorm: nonNegative(), order: staticNumber({ above: 0 }, 2), dialect: choice(['optax', 'torch', 'keras'], 'optax') },
  ({ maxNorm, order, dialect }) =>
    stateless((updates) => {
      const norm = normOfOrder(updates, order)
      return map((update: Tensor) => {
        const size = at(norm, update) as Tensor
        const limit = at(maxNorm, update)
        if (dialect === 'torch') return mul(update, minimum(div(asScalar(limit, update.dtype), add(size, 1e-6)), 1))
        return where(less(size, limit), update, mul(div(update, size), limit))
      }, updates)
    }),
)

/**
 * Shrinks all updates together so that their joint norm is at most maxNorm.
 *
 * n = √Σ‖g‖² over all leaves; u = g where n < maxNorm, else g/n·maxNorm.
 * A non-finite element spoils every update: put `guardNonFinite` around the optimizer.
 *
 * @param maxNorm number ≥ 0
 * @param options.order which norm, default 2; `Infinity` is the largest element
 * @param options.dialect torch multiplies by min(1, maxNorm/(n + 1e-6)); default optax
 * @example
 * import { clipByGlobalNorm } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * toArray(clipByGlobalNorm(5).update(tensor([6, 8]), null)[0] as Tensor) // => [3, 4]
 * @see Pascanu et al., On the difficulty of training recurrent neural networks, 2012, arXiv:1211.5063
 */
export const clipByGlobalNorm = (maxNorm: Scalar, options: Omit<ClipByGlobalNormOptions, 'maxNorm'> = {}): GradientTransformation<null> =>
  clipByGlobalNormOf({ maxNorm, ...options })

export const clipByBlockRmsOf = define<{ readonly threshold: Hyperparameter }, null>(
  'clipByBlockRms',
  { threshold: hyper({ above: 0 }) },
  ({ threshold }) => statelessLeafwise((update) => div(update, maximum(div(rootMeanSquare(update), at(threshold, update)), 1))),
)

/**
 * Shrinks each leaf so that its root mean square is at most a threshold.
 *
 * u = g / max(1, RMS(g)/threshold)
 *
 * @param threshold number > 0
 * @example
 * import { clipByBlockRms } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * toArray(clipByBlockRms(1).update(tensor([2, -2]), null)[0] as Tensor) // => [1, -1]
 * @see Shazeer and Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, 2018, arXiv:1804.04235
 */
export const clipByBlockRms = (threshold: Scalar): GradientTransformation<null> => clipByBlockRmsOf({ threshold })

/** Options of adaptive gradient clipping. */
export interface AdaptiveGradClipOptions {
  /** Largest ratio of the unit norms of update and parameters, ≥ 0. */
  readonly clipping: Hyperparameter
  /** Smallest norm a parameter counts with; default 1e-3. */
  readonly eps?: Hyperparameter
  /** Axes summed for one unit; default: all but the last for kernels stored [in, out], everything for vectors. */
  readonly axes?: Axes | null
}

export const adaptiveGradClipOf = define<AdaptiveGradClipOptions, null>(
  'adaptiveGradClip',
  { clipping: nonNegative(), eps: nonNegative(1e-3), axes: axesField(null) },
  ({ clipping, eps, axes }) =>
    stateless((updates, _, context) =>
      map(
        (update: Tensor, param: Tensor) => {
          const size = unitNorm(update, axes)
          const limit = mul(maximum(unitNorm(param, axes), at(eps, param)), at(clipping, param))
          return where(less(size, limit), update, mul(update, div(limit, maximum(size, 1e-6))))
        },
        updates,
        paramsOf('adaptiveGradClip', context),
      ),
    ),
)

/**
 * Clips each unit of a leaf in proportion to the norm of its parameters.
 *
 * M = clipping·max(‖p‖, eps); where ‖g‖ ≥ M: u = g·M/max(‖g‖, 1e-6)
 *
 * @param clipping largest ratio, ≥ 0
 * @param options.eps smallest norm a parameter counts with; default 1e-3
 * @param options.axes axes summed for one unit, such as 1 for kernels stored [out, in]; default fits [in, out]
 * @throws {ContextError} when the context has no params
 * @example
 * import { adaptiveGradClip } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const params = tensor([3, 4])
 * toArray(adaptiveGradClip(0.1).update(tensor([6, 8]), null, { params })[0] as Tensor) // => [0.3, 0.4]
 * @see Brock et al., High-Performance Large-Scale Image Recognition Without Normalization, 2021, arXiv:2102.06171
 */
export const adaptiveGradClip = (
  clipping: Scalar,
  options: Omit<Fixed<AdaptiveGradClipOptions>, 'clipping'> = {},
): GradientTransformation<null> => adaptiveGradClipOf({ clipping, ...options })

/** Options of normalising by the joint norm. */
export interface NormalizeByUpdateNormOptions {
  /** The norm that updates get; default 1. */
  readonly scaleFactor?: Hyperparameter
  /** Added to the norm against division by zero; default 1e-6. */
  readonly eps?: Hyperparameter
}

/**
 * Gives all updates together a fixed norm.
 *
 * u = g·scaleFactor/(‖g‖ + eps)
 *
 * @example
 * import { normalizeByUpdateNorm } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * toArray(normalizeByUpdateNorm({ eps: 0 }).update(tensor([3, 4]), null)[0] as Tensor) // => [0.6, 0.8]
 */
export const normalizeByUpdateNorm = define<NormalizeByUpdateNormOptions, null>(
  'normalizeByUpdateNorm',
  { scaleFactor: hyper({}, 1), eps: nonNegative(1e-6) },
  ({ scaleFactor, eps }) =>
    stateless((updates) => {
      const norm = globalNorm(updates)
      const divisor = div(plusEps(norm, eps), at(scaleFactor, norm))
      return map((update: Tensor) => div(update, at(divisor, update)), updates)
    }),
)
