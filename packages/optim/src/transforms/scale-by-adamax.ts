import { abs, add, div, maximum, mul } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { choice, decayRate, nonNegative } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { biasCorrection, updateMoment } from '../numerics/moments.ts'
import { zerosLikeTree } from '../numerics/trees.ts'
import type { Dialect, Hyperparameter, Scalar } from '../transformation.ts'
import type { ScaleByAdamState } from './scale-by-adam.ts'

/** Options of Adamax' rule. */
export interface ScaleByAdamaxOptions {
  /** Decay of the average of the updates, in [0, 1); default 0.9. */
  readonly b1?: Hyperparameter
  /** Decay of the largest size, in [0, 1); default 0.999. */
  readonly b2?: Hyperparameter
  /** Added to the sizes (keras: to the divisor); default 1e-8 (keras 1e-7). */
  readonly eps?: Hyperparameter
  /** keras adds eps to the divisor only; default optax. */
  readonly dialect?: Dialect
}

export const adamaxFields = {
  b1: decayRate(0.9),
  b2: decayRate(0.999),
  eps: nonNegative(1e-8),
  dialect: choice(['optax', 'torch', 'keras'], 'optax'),
} as const

/** The decaying largest size of the updates: max(|g| + eps, decay·n), leaf by leaf. */
export const updateInfinityMoment = (updates: Tree<Tensor>, moments: Tree<Tensor>, decay: Scalar, eps: Scalar): Tree<Tensor> =>
  map((update: Tensor, moment: Tensor) => maximum(add(abs(update), at(eps, update)), mul(moment, at(decay, moment))), updates, moments)

/**
 * Adam's rule with the largest size in place of the root mean square.
 *
 * n ← max(|g| + eps, b2·n); u = m̂/n
 *
 * @example
 * import { scaleByAdamax } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByAdamax({ eps: 0 })
 * toArray(rule.update(tensor([4, -0.5]), rule.init(tensor([0, 0])))[0] as Tensor) // => [1, -1]
 * @see Kingma and Ba, Adam: A Method for Stochastic Optimization, 2014, arXiv:1412.6980
 */
export const scaleByAdamax = define<ScaleByAdamaxOptions, ScaleByAdamState>(
  'scaleByAdamax',
  adamaxFields,
  ({ b1, b2, eps, dialect }) => ({
    init: (params) => ({ count: counter(), mu: zerosLikeTree(params), nu: zerosLikeTree(params) }),
    update: (updates, state) => {
      const t = increment(state.count)
      const mu = updateMoment(updates, state.mu, b1, 1)
      const nu = updateInfinityMoment(updates, state.nu, b2, dialect === 'keras' ? 0 : eps)
      const divisor = dialect === 'keras' ? map((n: Tensor) => add(n, at(eps, n)), nu) : nu
      return [map((m: Tensor, n: Tensor) => div(m, n), biasCorrection(mu, b1, t), divisor), { count: t, mu, nu }]
    },
  }),
  { keras: { eps: 1e-7 } },
)
