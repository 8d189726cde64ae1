import { add, mul, square } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { anyNumber, decayRate, hyper, nonNegative } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { biasCorrection, updateMoment } from '../numerics/moments.ts'
import { oneMinus } from '../numerics/scalars.ts'
import { addScaled, zerosLikeTree } from '../numerics/trees.ts'
import type { Hyperparameter } from '../transformation.ts'
import { divideByRoot } from './scale-by-adam.ts'

/** Steps made; the fast and the slow average of the updates; the average of their squares. */
export type ScaleByAdemamixState = {
  readonly count: Tensor
  readonly m1: Tree<Tensor>
  readonly m2: Tree<Tensor>
  readonly nu: Tree<Tensor>
}

/** Options of AdEMAMix' rule. */
export interface ScaleByAdemamixOptions {
  /** Decay of the fast average, in [0, 1); default 0.9. */
  readonly b1?: Hyperparameter
  /** Decay of the average of squares, in [0, 1); default 0.999. */
  readonly b2?: Hyperparameter
  /** Decay of the slow average, in [0, 1]; default 0.9999. */
  readonly b3?: Hyperparameter
  /** Weight of the slow average; default 6. */
  readonly alpha?: Hyperparameter
  /** Added to the root; default 1e-8. */
  readonly eps?: Hyperparameter
  /** Added under the root; default 0. */
  readonly epsRoot?: Hyperparameter
}

export const ademamixFields = {
  b1: decayRate(0.9),
  b2: decayRate(0.999),
  b3: hyper({ low: 0, high: 1 }, 0.9999),
  alpha: anyNumber(6),
  eps: nonNegative(1e-8),
  epsRoot: nonNegative(0),
} as const

/**
 * Adam's rule with a second, slow average of the gradients.
 *
 * q ← b3·q + (1 − b3)·g (not corrected); u = (m̂ + alpha·q)/(√(v̂ + epsRoot) + eps)
 *
 * @example
 * import { scaleByAdemamix } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByAdemamix()
 * toArray(rule.update(tensor([4]), rule.init(tensor([0])))[0] as Tensor) // => [1.0006]
 * @see Pagliardini et al., The AdEMAMix Optimizer: Better, Faster, Older, 2024, arXiv:2409.03137
 */
export const scaleByAdemamix = define<ScaleByAdemamixOptions, ScaleByAdemamixState>(
  'scaleByAdemamix',
  ademamixFields,
  ({ b1, b2, b3, alpha, eps, epsRoot }) => ({
    init: (params) => ({ count: counter(), m1: zerosLikeTree(params), m2: zerosLikeTree(params), nu: zerosLikeTree(params) }),
    update: (updates, state) => {
      const t = increment(state.count)
      const m1 = updateMoment(updates, state.m1, b1, 1)
      const m2 = updateMoment(updates, state.m2, b3, 1)
      const nu = updateMoment(updates, state.nu, b2, 2)
      const direction = addScaled(biasCorrection(m1, b1, t), alpha, m2)
      return [divideByRoot(direction, biasCorrection(nu, b2, t), eps, epsRoot), { count: t, m1, m2, nu }]
    },
  }),
)

/** Steps made, the momentum, and the average of squares. */
export type ScaleBySimplifiedAdemamixState = { readonly count: Tensor; readonly m: Tree<Tensor>; readonly n: Tree<Tensor> }

/** Options of the simplified AdEMAMix' rule. */
export interface ScaleBySimplifiedAdemamixOptions {
  /** Decay of the momentum, in [0, 1); default 0.99. */
  readonly b1?: Hyperparameter
  /** Decay of the average of squares, in [0, 1); default 0.95. */
  readonly b2?: Hyperparameter
  /** Extra weight of the newest gradient; default 0. */
  readonly alpha?: Hyperparameter
  /** Added to the root; default 1e-8. */
  readonly eps?: Hyperparameter
  /** Added under the root; default 0. */
  readonly epsRoot?: Hyperparameter
}

export const simplifiedAdemamixFields = {
  b1: decayRate(0.99),
  b2: decayRate(0.95),
  alpha: anyNumber(0),
  eps: nonNegative(1e-8),
  epsRoot: nonNegative(0),
} as const

/**
 * Undamped momentum with extra weight on the newest gradient, over the root of averaged squares.
 *
 * m ← b1·m + g; n ← b2·n + (1 − b2)·g²; u = (m + alpha·g)/(√(n̂ + epsRoot) + eps)
 *
 * @example
 * import { scaleBySimplifiedAdemamix } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleBySimplifiedAdemamix({ alpha: 1 })
 * toArray(rule.update(tensor([4]), rule.init(tensor([0])))[0] as Tensor) // => [2]
 * @see Morwani et al., Connections between Schedule-Free Optimizers, AdEMAMix, and Accelerated SGD Variants, 2025, arXiv:2502.02431
 */
export const scaleBySimplifiedAdemamix = define<ScaleBySimplifiedAdemamixOptions, ScaleBySimplifiedAdemamixState>(
  'scaleBySimplifiedAdemamix',
  simplifiedAdemamixFields,
  ({ b1, b2, alpha, eps, epsRoot }) => ({
    init: (params) => ({ count: counter(), m: zerosLikeTree(params), n: zerosLikeTree(params) }),
    update: (updates, state) => {
      const t = increment(state.count)
      const m = addScaled(updates, b1, state.m)
      const n = map((g: Tensor, old: Tensor) => add(mul(old, at(b2, old)), mul(square(g), at(oneMinus(b2), g))), updates, state.n)
      return [divideByRoot(addScaled(m, alpha, updates), biasCorrection(n, b2, t), eps, epsRoot), { count: t, m, n }]
    },
  }),
)
