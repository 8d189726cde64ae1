import { maximum } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { define } from '../define.ts'
import { choice, decayRate, flag, nonNegative } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { biasCorrection, updateMoment } from '../numerics/moments.ts'
import { zerosLikeTree } from '../numerics/trees.ts'
import type { Dialect, Hyperparameter } from '../transformation.ts'
import { divideByRoot, kerasOrder } from './scale-by-adam.ts'
import type { ScaleByAdamState } from './scale-by-adam.ts'

/** Adam's state and the largest averages of squares so far. */
export type ScaleByAmsgradState = ScaleByAdamState & { readonly nuMax: Tree<Tensor> }

/** Options of AMSGrad's rule. */
export interface ScaleByAmsgradOptions {
  /** Decay of the average of the updates, in [0, 1); default 0.9. */
  readonly b1?: Hyperparameter
  /** Decay of the average of the squares, in [0, 1); default 0.999. */
  readonly b2?: Hyperparameter
  /** Added to the root; default 1e-8 (keras 1e-7). */
  readonly eps?: Hyperparameter
  /** Added under the root; default 0. */
  readonly epsRoot?: Hyperparameter
  /** Correct the average of the updates; default true. */
  readonly biasCorrectionMu?: boolean
  /** Correct the average of the squares; default true. */
  readonly biasCorrectionNu?: boolean
  /** torch and keras take the maximum of the uncorrected averages and correct it afterwards; default optax. */
  readonly dialect?: Dialect
}

export const amsgradFields = {
  b1: decayRate(0.9),
  b2: decayRate(0.999),
  eps: nonNegative(1e-8),
  epsRoot: nonNegative(0),
  biasCorrectionMu: flag(true),
  biasCorrectionNu: flag(true),
  dialect: choice(['optax', 'torch', 'keras'], 'optax'),
} as const

const maxima = (a: Tree<Tensor>, b: Tree<Tensor>): Tree<Tensor> => map((x: Tensor, y: Tensor) => maximum(x, y), a, b)

/**
 * Adam's rule that divides by the largest average of squares so far.
 *
 * x ← max(x, v̂); u = m̂/(√(x + epsRoot) + eps)
 *
 * @example
 * import { scaleByAmsgrad } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByAmsgrad({ eps: 0 })
 * toArray(rule.update(tensor([4, -0.5]), rule.init(tensor([0, 0])))[0] as Tensor) // => [1, -1]
 * @see Reddi et al., On the Convergence of Adam and Beyond, 2018, arXiv:1904.09237
 */
export const scaleByAmsgrad = define<ScaleByAmsgradOptions, ScaleByAmsgradState>(
  'scaleByAmsgrad',
  amsgradFields,
  ({ b1, b2, eps, epsRoot, biasCorrectionMu, biasCorrectionNu, dialect }) => ({
    init: (params) => ({ count: counter(), mu: zerosLikeTree(params), nu: zerosLikeTree(params), nuMax: zerosLikeTree(params) }),
    update: (updates, state) => {
      const t = increment(state.count)
      const mu = updateMoment(updates, state.mu, b1, 1)
      const nu = updateMoment(updates, state.nu, b2, 2)
      const mean = biasCorrectionMu ? biasCorrection(mu, b1, t) : mu
      const late = dialect !== 'optax'
      const nuMax = maxima(state.nuMax, biasCorrectionNu && !late ? biasCorrection(nu, b2, t) : nu)
      const largest = biasCorrectionNu && late ? biasCorrection(nuMax, b2, t) : nuMax
      const next = dialect === 'keras' ? kerasOrder(mean, nuMax, b2, t, eps, epsRoot) : divideByRoot(mean, largest, eps, epsRoot)
      return [next, { count: t, mu, nu, nuMax }]
    },
  }),
  { keras: { eps: 1e-7 } },
)
