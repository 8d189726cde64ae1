import { add, asTensor, cast, div, mul, pow, sqrt, sub } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { choice, decayRate, flag, nonNegative } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { biasCorrection, decayed, updateMoment } from '../numerics/moments.ts'
import { zerosLikeTree } from '../numerics/trees.ts'
import type { Dialect, Hyperparameter, Scalar } from '../transformation.ts'

/** Steps made, the average of the updates and the average of their squares. */
export type ScaleByAdamState = { readonly count: Tensor; readonly mu: Tree<Tensor>; readonly nu: Tree<Tensor> }

/** Options of Adam's rule. */
export interface ScaleByAdamOptions {
  /** Decay of the average of the updates, in [0, 1); default 0.9. */
  readonly b1?: Hyperparameter
  /** Decay of the average of the squares, in [0, 1); default 0.999. */
  readonly b2?: Hyperparameter
  /** Added to the root against division by zero; default 1e-8 (keras 1e-7). */
  readonly eps?: Hyperparameter
  /** Added under the root; default 0. */
  readonly epsRoot?: Hyperparameter
  /** Use the average that the next step would see (Nesterov momentum); default false. */
  readonly nesterov?: boolean
  /** keras adds eps to the uncorrected root; optax and torch agree; default optax. */
  readonly dialect?: Dialect
}

export const adamFields = {
  b1: decayRate(0.9),
  b2: decayRate(0.999),
  eps: nonNegative(1e-8),
  epsRoot: nonNegative(0),
  nesterov: flag(false),
  dialect: choice(['optax', 'torch', 'keras'], 'optax'),
} as const

export const adamDialects = { keras: { eps: 1e-7 } } as const

/** The corrected average of the updates, or the one Nesterov's look-ahead takes. */
export const correctedMean = (updates: Tree<Tensor>, mu: Tree<Tensor>, b1: Scalar, t: Tensor, nesterov: boolean): Tree<Tensor> => {
  if (!nesterov) return biasCorrection(mu, b1, t)
  const ahead = biasCorrection(mu, b1, increment(t))
  return map((m: Tensor, g: Tensor) => decayed(g, m, b1), ahead, biasCorrection(updates, b1, t))
}

/** mean / (√(variance + epsRoot) + eps), leaf by leaf. */
export const divideByRoot = (mean: Tree<Tensor>, variance: Tree<Tensor>, eps: Scalar, epsRoot: Scalar): Tree<Tensor> =>
  map((m: Tensor, v: Tensor) => div(m, add(sqrt(epsRoot === 0 ? v : add(v, at(epsRoot, v))), at(eps, v))), mean, variance)

/**
 * Keras' order: the uncorrected root plus eps divides, then √(1 − b2ᵗ) multiplies. Keras takes the power in the element type;
 * in float32 that is off by 1e-5 in early steps, and a run at a high learning rate does not meet its numbers without.
 */
export const kerasOrder = (mean: Tree<Tensor>, nu: Tree<Tensor>, b2: Scalar, t: Tensor, eps: Scalar, epsRoot: Scalar): Tree<Tensor> => {
  const correction = (leaf: Tensor): Tensor => sub(1, pow(asTensor(b2, leaf.dtype), cast(t, leaf.dtype)))
  return map((u: Tensor) => mul(u, sqrt(correction(u))), divideByRoot(mean, nu, eps, epsRoot))
}

/**
 * Adam's rule without a learning rate.
 *
 * m ← b1·m + (1 − b1)·g; v ← b2·v + (1 − b2)·g²; u = m̂/(√(v̂ + epsRoot) + eps) with m̂ = m/(1 − b1ᵗ), v̂ = v/(1 − b2ᵗ)
 *
 * @example
 * import { scaleByAdam } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByAdam({ eps: 0 })
 * const [updates] = rule.update(tensor([4, -0.5], { dtype: 'float64' }), rule.init(tensor([0, 0], { dtype: 'float64' })))
 * toArray(updates as Tensor) // => [1, -1]
 * @see Kingma and Ba, Adam: A Method for Stochastic Optimization, 2014, arXiv:1412.6980
 */
export const scaleByAdam = define<ScaleByAdamOptions, ScaleByAdamState>(
  'scaleByAdam',
  adamFields,
  ({ b1, b2, eps, epsRoot, nesterov, dialect }) => ({
    init: (params) => ({ count: counter(), mu: zerosLikeTree(params), nu: zerosLikeTree(params) }),
    update: (updates, state) => {
      const t = increment(state.count)
      const mu = updateMoment(updates, state.mu, b1, 1)
      const nu = updateMoment(updates, state.nu, b2, 2)
      const mean = correctedMean(updates, mu, b1, t, nesterov)
      const next =
        dialect === 'keras' ? kerasOrder(mean, nu, b2, t, eps, epsRoot) : divideByRoot(mean, biasCorrection(nu, b2, t), eps, epsRoot)
      return [next, { count: t, mu, nu }]
    },
  }),
  adamDialects,
)
