import { equal, sub, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { define } from '../define.ts'
import { decayRate, nonNegative } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { biasCorrection, updateMoment } from '../numerics/moments.ts'
import { oneMinus } from '../numerics/scalars.ts'
import { addScaled, zerosLikeTree } from '../numerics/trees.ts'
import type { Hyperparameter } from '../transformation.ts'
import { divideByRoot } from './scale-by-adam.ts'

/** Steps made; averages of the gradient, of its change and of the squares; the last gradient. */
export type ScaleByAdanState = {
  readonly count: Tensor
  readonly m: Tree<Tensor>
  readonly v: Tree<Tensor>
  readonly n: Tree<Tensor>
  readonly g: Tree<Tensor>
}

/** Options of Adan's rule. */
export interface ScaleByAdanOptions {
  /** Decay of the average of the gradients, in [0, 1); default 0.98. */
  readonly b1?: Hyperparameter
  /** Decay of the average of their changes, in [0, 1); default 0.92. */
  readonly b2?: Hyperparameter
  /** Decay of the average of the squares, in [0, 1); default 0.99. */
  readonly b3?: Hyperparameter
  /** Added to the root; default 1e-8. */
  readonly eps?: Hyperparameter
  /** Added under the root; default 0. */
  readonly epsRoot?: Hyperparameter
}

/**
 * Adan's rule: momentum and the change of the gradient, over the root of averaged squares.
 *
 * d = g − gₜ₋₁ (0 in the first step); m, v, n average g, d, (g + (1 − b2)·d)²; u = (m̂ + (1 − b2)·v̂)/(√(n̂ + epsRoot) + eps)
 *
 * @example
 * import { scaleByAdan } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByAdan({ eps: 0 })
 * toArray(rule.update(tensor([4, -0.5]), rule.init(tensor([0, 0])))[0] as Tensor) // => [1, -1]
 * @see Xie et al., Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models, 2022, arXiv:2208.06677
 */
export const scaleByAdan = define<ScaleByAdanOptions, ScaleByAdanState>(
  'scaleByAdan',
  { b1: decayRate(0.98), b2: decayRate(0.92), b3: decayRate(0.99), eps: nonNegative(1e-8), epsRoot: nonNegative(0) },
  ({ b1, b2, b3, eps, epsRoot }) => ({
    init: (params) => {
      const zero = zerosLikeTree(params)
      return { count: counter(), m: zero, v: zero, n: zero, g: zero }
    },
    update: (updates, state) => {
      const t = increment(state.count)
      const first = equal(state.count, 0)
      const change = map((g: Tensor, old: Tensor) => where(first, 0, sub(g, old)), updates, state.g)
      const m = updateMoment(updates, state.m, b1, 1)
      const v = updateMoment(change, state.v, b2, 1)
      const n = updateMoment(addScaled(updates, oneMinus(b2), change), state.n, b3, 2)
      const direction = addScaled(biasCorrection(m, b1, t), oneMinus(b2), biasCorrection(v, b2, t))
      return [divideByRoot(direction, biasCorrection(n, b3, t), eps, epsRoot), { count: t, m, v, n, g: updates }]
    },
  }),
)
