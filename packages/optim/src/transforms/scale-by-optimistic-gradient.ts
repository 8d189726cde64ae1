import { equal, mul, sub, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { anyNumber } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { plus } from '../numerics/scalar-math.ts'
import { zerosLikeTree } from '../numerics/trees.ts'
import type { Hyperparameter } from '../transformation.ts'

/** Steps made and the last gradient. */
export type ScaleByOptimisticGradientState = { readonly count: Tensor; readonly previousGradient: Tree<Tensor> }

/** Options of the optimistic gradient. */
export interface ScaleByOptimisticGradientOptions {
  /** Weight of the gradient; default 1. */
  readonly alpha?: Hyperparameter
  /** Weight of its change; default 1. */
  readonly beta?: Hyperparameter
}

/**
 * Adds the change of the gradient to the gradient.
 *
 * u = (alpha + beta)·g − beta·gₜ₋₁, with gₜ₋₁ = g in the first step
 *
 * @example
 * import { scaleByOptimisticGradient } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByOptimisticGradient()
 * const [, state] = rule.update(tensor([4]), rule.init(tensor([0])))
 * toArray(rule.update(tensor([5]), state)[0] as Tensor) // => [6]
 * @see Mokhtari et al., A Unified Analysis of Extra-gradient and Optimistic Gradient Methods, 2019, arXiv:1901.08511
 */
export const scaleByOptimisticGradient = define<ScaleByOptimisticGradientOptions, ScaleByOptimisticGradientState>(
  'scaleByOptimisticGradient',
  { alpha: anyNumber(1), beta: anyNumber(1) },
  ({ alpha, beta }) => ({
    init: (params) => ({ count: counter(), previousGradient: zerosLikeTree(params) }),
    update: (updates, { count, previousGradient }) => {
      const first = equal(count, 0)
      const next = map(
        (g: Tensor, old: Tensor) => sub(mul(g, at(plus(alpha, beta), g)), mul(where(first, g, old), at(beta, g))),
        updates,
        previousGradient,
      )
      return [next, { count: increment(count), previousGradient: updates }]
    },
  }),
)
