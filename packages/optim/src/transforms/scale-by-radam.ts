import { add, cast, div, greater, greaterEqual, mul, sqrt, sub, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define, floatDType } from '../define.ts'
import { choice, decayRate, flag, hyper, nonNegative } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { biasCorrection, correctionFor, updateMoment } from '../numerics/moments.ts'
import { asScalar, minus, over, times } from '../numerics/scalar-math.ts'
import { oneMinus, oneMinusPower, powerOver } from '../numerics/scalars.ts'
import { zerosLikeTree } from '../numerics/trees.ts'
import type { Dialect, Hyperparameter, Scalar } from '../transformation.ts'
import { correctedMean, divideByRoot } from './scale-by-adam.ts'
import type { ScaleByAdamState } from './scale-by-adam.ts'

/** Options of RAdam's rule. */
export interface ScaleByRadamOptions {
  /** Decay of the average of the updates, in [0, 1); default 0.9. */
  readonly b1?: Hyperparameter
  /** Decay of the average of the squares, in [0, 1); default 0.999. */
  readonly b2?: Hyperparameter
  /** Added to the root; default 1e-8. */
  readonly eps?: Hyperparameter
  /** Added under the root; default 0. */
  readonly epsRoot?: Hyperparameter
  /** Length of the averaging window from which the rule divides, ≥ 4; default 5. */
  readonly threshold?: Hyperparameter
  /** Nesterov's look-ahead; default false. */
  readonly nesterov?: boolean
  /** torch compares strictly and adds eps to the uncorrected root; default optax. */
  readonly dialect?: Dialect
}

export const radamFields = {
  b1: decayRate(0.9),
  b2: decayRate(0.999),
  eps: nonNegative(1e-8),
  epsRoot: nonNegative(0),
  threshold: hyper({ low: 4 }, 5),
  nesterov: flag(false),
  dialect: choice(['optax', 'torch', 'keras'], 'optax'),
} as const

/**
 * The length ρ of the averaging window. For small t, ρ∞ − 2t·b^t/(1 − b^t) cancels; with c = −ln b and x = t·c it is
 * the difference of two numbers near 2/c, so it is taken as (ρ∞ − 2/c) + (2/c)·(1 − x/(eˣ − 1)), whose parts are small.
 */
const windowLength = (b2: Scalar, t: Tensor, dtype: 'float32' | 'float64'): Tensor => {
  if (typeof b2 !== 'number' || b2 === 0) {
    const whole = minus(over(2, oneMinus(b2)), 1)
    const power = sub(1, oneMinusPower(b2, t, dtype))
    return sub(asScalar(whole, dtype), div(mul(mul(cast(t, dtype), 2), power), oneMinusPower(b2, t, dtype)))
  }
  const c = -Math.log(b2)
  return add(mul(powerOver(mul(cast(t, dtype), c), dtype), 2 / c), 2 / (1 - b2) - 1 - 2 / c)
}

const rectification = (rho: Tensor, b2: Scalar, dtype: 'float32' | 'float64'): Tensor => {
  const limit = minus(over(2, oneMinus(b2)), 1)
  const fixed = over(limit, times(minus(limit, 4), minus(limit, 2)))
  return sqrt(mul(div(mul(sub(rho, 4), sub(rho, 2)), rho), asScalar(fixed, dtype)))
}

/** torch: √(1 − b2ᵗ)/(√v + eps). */
const torchDivide = (mean: Tree<Tensor>, nu: Tree<Tensor>, b2: Scalar, t: Tensor, eps: Scalar): Tree<Tensor> => {
  const correction = correctionFor(b2, t)
  return map((m: Tensor, v: Tensor) => mul(m, div(sqrt(correction(v)), add(sqrt(v), at(eps, v)))), mean, nu)
}

/**
 * Adam's rule that does not divide until enough steps are averaged.
 *
 * ρ∞ = 2/(1 − b2) − 1; ρ = ρ∞ − 2t·b2ᵗ/(1 − b2ᵗ); if ρ ≥ threshold: u = r·m̂/(√(v̂ + epsRoot) + eps)
 * with r = √[(ρ − 4)(ρ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρ)], else u = m̂
 *
 * @example
 * import { scaleByRadam } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByRadam()
 * toArray(rule.update(tensor([4, -0.5]), rule.init(tensor([0, 0])))[0] as Tensor) // => [4, -0.5]
 * @see Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, 2019, arXiv:1908.03265
 */
export const scaleByRadam = define<ScaleByRadamOptions, ScaleByAdamState>(
  'scaleByRadam',
  radamFields,
  ({ b1, b2, eps, epsRoot, threshold, nesterov, dialect }) => ({
    init: (params) => ({ count: counter(), mu: zerosLikeTree(params), nu: zerosLikeTree(params) }),
    update: (updates, state) => {
      const dtype = floatDType(updates)
      const t = increment(state.count)
      const mu = updateMoment(updates, state.mu, b1, 1)
      const nu = updateMoment(updates, state.nu, b2, 2)
      const mean = correctedMean(updates, mu, b1, t, nesterov)
      const rho = windowLength(b2, t, dtype)
      const long = (dialect === 'torch' ? greater : greaterEqual)(rho, at(threshold, rho))
      const factor = where(long, rectification(rho, b2, dtype), 0)
      const divided = dialect === 'torch' ? torchDivide(mean, nu, b2, t, eps) : divideByRoot(mean, biasCorrection(nu, b2, t), eps, epsRoot)
      const next = map((d: Tensor, m: Tensor) => where(long, mul(d, at(factor, d)), m), divided, mean)
      return [next, { count: t, mu, nu }]
    },
  }),
)
