import { clamp, div, less, mul, neg, sqrt, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { nonNegative } from '../fields.ts'
import { squaredNorm } from '../numerics/norms.ts'
import type { GradientTransformation, Scalar, Hyperparameter } from '../transformation.ts'
import { stateless, statelessLeafwise } from './stateless.ts'

const negative = (x: Scalar): Scalar => (typeof x === 'number' ? -x : neg(x))

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

export const clipByGlobalNormOf = define<{ readonly maxNorm: Hyperparameter }, null>(
  'clipByGlobalNorm',
  { maxNorm: nonNegative() },
  ({ maxNorm }) =>
    stateless((updates) => {
      const norm = sqrt(squaredNorm(updates))
      return map((update: Tensor) => {
        const size = at(norm, update) as Tensor
        const limit = at(maxNorm, update)
        return where(less(size, limit), update, mul(div(update, size), limit))
      }, updates)
    }),
)

/**
 * Shrinks all updates together so that their joint norm is at most maxNorm.
 *
 * n = √Σ‖g‖² over all leaves; u = g where n < maxNorm, else g/n·maxNorm.
 * A non-finite element makes every update NaN or zero: put a non-finite policy such as `skipNotFinite` around the optimizer.
 *
 * @param maxNorm number ≥ 0
 * @example
 * import { clipByGlobalNorm } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * toArray(clipByGlobalNorm(5).update(tensor([6, 8]), null)[0] as Tensor) // => [3, 4]
 * @see Pascanu et al., On the difficulty of training recurrent neural networks, 2012, arXiv:1211.5063
 */
export const clipByGlobalNorm = (maxNorm: Scalar): GradientTransformation<null> => clipByGlobalNormOf({ maxNorm })
