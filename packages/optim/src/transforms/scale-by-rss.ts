import { add, div, greater, sqrt, square, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { flag, nonNegative } from '../fields.ts'
import { fullTree } from '../numerics/trees.ts'
import type { Hyperparameter } from '../transformation.ts'

/** The sums of the squared updates. */
export type ScaleByRssState = { readonly sumOfSquares: Tree<Tensor> }

/** Options of the division by the root of a sum of squares. */
export interface ScaleByRssOptions {
  /** First value of the sums; default 0.1. */
  readonly initialAccumulatorValue?: Hyperparameter
  /** Added against division by zero; default 1e-7. */
  readonly eps?: Hyperparameter
  /** eps inside the root (default), or outside as PyTorch has it. */
  readonly epsInRoot?: boolean
}

/**
 * Divides the updates by the root of the sum of all their squares.
 *
 * s ← s + g²; u = g/√(s + eps), and 0 where s is 0
 *
 * @example
 * import { scaleByRss } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByRss({ initialAccumulatorValue: 9 })
 * toArray(rule.update(tensor([4]), rule.init(tensor([0])))[0] as Tensor) // => [0.8]
 * @see Duchi et al., Adaptive Subgradient Methods for Online Learning and Stochastic Optimization, 2011
 */
export const scaleByRss = define<ScaleByRssOptions, ScaleByRssState>(
  'scaleByRss',
  { initialAccumulatorValue: nonNegative(0.1), eps: nonNegative(1e-7), epsInRoot: flag(true) },
  ({ initialAccumulatorValue, eps, epsInRoot }) => ({
    init: (params) => ({ sumOfSquares: fullTree(params, initialAccumulatorValue) }),
    update: (updates, { sumOfSquares }) => {
      const sums = map((g: Tensor, s: Tensor) => add(s, square(g)), updates, sumOfSquares)
      const next = map(
        (g: Tensor, s: Tensor) => {
          const divisor = epsInRoot ? sqrt(add(s, at(eps, s))) : add(sqrt(s), at(eps, s))
          return where(greater(s, 0), div(g, divisor), 0)
        },
        updates,
        sums,
      )
      return [next, { sumOfSquares: sums }]
    },
  }),
)
