import { abs, less, mul, sign, tanh, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { anyNumber, choice, decayRate } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { decayed, updateMoment } from '../numerics/moments.ts'
import { zerosLikeTree } from '../numerics/trees.ts'
import type { Hyperparameter, Scalar } from '../transformation.ts'

/** Steps made and the average of the updates. */
export type ScaleByLionState = { readonly count: Tensor; readonly mu: Tree<Tensor> }

/** How Lion bounds its step: by the sign, by a hyperbolic tangent, or by cutting at ±1. */
export type LionMode = 'hard' | 'smooth' | 'refined'

/** Options of Lion's rule. */
export interface ScaleByLionOptions {
  /** Weight of the average in the step, in [0, 1); default 0.9. */
  readonly b1?: Hyperparameter
  /** Decay of the average, in [0, 1); default 0.99. */
  readonly b2?: Hyperparameter
  /** How the step is bounded; default hard, the sign. */
  readonly mode?: LionMode
  /** Slope of the smooth mode; default 1. */
  readonly smoothBeta?: Hyperparameter
}

export const lionFields = {
  b1: decayRate(0.9),
  b2: decayRate(0.99),
  mode: choice(['hard', 'smooth', 'refined'], 'hard'),
  smoothBeta: anyNumber(1),
} as const

const bounded = (x: Tensor, mode: LionMode, smoothBeta: Scalar): Tensor => {
  switch (mode) {
    case 'hard':
      return sign(x)
    case 'smooth':
      return tanh(mul(x, at(smoothBeta, x)))
    case 'refined':
      return where(less(abs(x), 1), x, sign(x))
  }
}

/**
 * Steps by the sign of an average that leans to the newest gradient.
 *
 * u = sign(b1·m + (1 − b1)·g); then m ← b2·m + (1 − b2)·g
 *
 * @example
 * import { scaleByLion } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByLion()
 * toArray(rule.update(tensor([4, -0.5]), rule.init(tensor([0, 0])))[0] as Tensor) // => [1, -1]
 * @see Chen et al., Symbolic Discovery of Optimization Algorithms, 2023, arXiv:2302.06675
 */
export const scaleByLion = define<ScaleByLionOptions, ScaleByLionState>('scaleByLion', lionFields, ({ b1, b2, mode, smoothBeta }) => ({
  init: (params) => ({ count: counter(), mu: zerosLikeTree(params) }),
  update: (updates, { count, mu }) => {
    const next = map((g: Tensor, m: Tensor) => bounded(decayed(g, m, b1), mode, smoothBeta), updates, mu)
    return [next, { count: increment(count), mu: updateMoment(updates, mu, b2, 1) }]
  },
}))
