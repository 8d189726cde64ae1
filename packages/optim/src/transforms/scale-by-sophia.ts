import { clamp, div, equal, maximum, mod, mul } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { callback, decayRate, nonNegative, nullable, wholeNumber } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { biasCorrection, updateMoment } from '../numerics/moments.ts'
import { negative } from '../numerics/scalar-math.ts'
import { select, zerosLikeTree } from '../numerics/trees.ts'
import type { Hyperparameter, UpdateContext } from '../transformation.ts'
import type { ScaleByAdamState } from './scale-by-adam.ts'

/** An estimate of the diagonal of the Hessian, from the gradient, the context and the number of steps made (int32 `[]`). */
export type HessianDiagonal = (gradient: Tree<Tensor>, context: UpdateContext, count: Tensor) => Tree<Tensor>

/** Options of Sophia's rule. */
export interface ScaleBySophiaOptions {
  /** Estimates the diagonal of the Hessian. */
  readonly hessianDiagonal: HessianDiagonal
  /** Decay of the average of the updates, in [0, 1); default 0.965. */
  readonly b1?: Hyperparameter
  /** Decay of the average of the estimates, in [0, 1); default 0.99. */
  readonly b2?: Hyperparameter
  /** Smallest divisor; default 1e-8. */
  readonly eps?: Hyperparameter
  /** Factor of the estimate; default 0.01. */
  readonly gamma?: Hyperparameter
  /** Bound of the step, null for none; default 1. */
  readonly clipThreshold?: Hyperparameter | null
  /** Steps between estimates, ≥ 1; default 10. */
  readonly updateInterval?: number
}

export const sophiaFields = {
  hessianDiagonal: callback('a function of gradient, context and count'),
  b1: decayRate(0.965),
  b2: decayRate(0.99),
  eps: nonNegative(1e-8),
  gamma: nonNegative(0.01),
  clipThreshold: nullable(nonNegative(1)),
  updateInterval: wholeNumber(1, 10),
} as const

/**
 * Divides the averaged gradient by an averaged estimate of the curvature, and bounds the result.
 *
 * u = clip(m̂/max(gamma·h, eps), ±clipThreshold); every updateInterval steps h ← b2·h + (1 − b2)·estimate, used from the next step on
 *
 * @example
 * import { scaleBySophia } from '@grad-ts/optim'
 * import { square, tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * import { map } from '@grad-ts/tree'
 * const rule = scaleBySophia({ hessianDiagonal: (gradient) => map((g: Tensor) => square(g), gradient) })
 * toArray(rule.update(tensor([4, -4]), rule.init(tensor([0, 0])))[0] as Tensor) // => [1, -1]
 * @see Liu et al., Sophia: A Scalable Stochastic Second-order Optimizer for Language Model Pre-training, 2023, arXiv:2305.14342
 */
export const scaleBySophia = define<ScaleBySophiaOptions, ScaleByAdamState>('scaleBySophia', sophiaFields, (options) => {
  const { b1, b2, eps, gamma, clipThreshold, updateInterval } = options
  const { hessianDiagonal } = options as unknown as ScaleBySophiaOptions
  return {
    init: (params) => ({ count: counter(), mu: zerosLikeTree(params), nu: zerosLikeTree(params) }),
    update: (updates, state, context = {}) => {
      const t = increment(state.count)
      const mu = updateMoment(updates, state.mu, b1, 1)
      const next = map(
        (m: Tensor, h: Tensor) => {
          const step = div(m, maximum(mul(h, at(gamma, h)), at(eps, h)))
          return clipThreshold === null ? step : clamp(step, at(negative(clipThreshold), m), at(clipThreshold, m))
        },
        biasCorrection(mu, b1, t),
        state.nu,
      )
      const estimate = updateMoment(hessianDiagonal(updates, context, state.count), state.nu, b2, 1)
      return [next, { count: t, mu, nu: select(equal(mod(state.count, updateInterval), 0), estimate, state.nu) }]
    },
  }
})
