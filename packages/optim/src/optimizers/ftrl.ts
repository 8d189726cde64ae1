import { abs, add, div, greater, mul, neg, pow, sign, square, sub, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { hyper, nonNegative } from '../fields.ts'
import { asScalar, negative, over, plus, times } from '../numerics/scalar-math.ts'
import { collect, fullTree, zerosLikeTree } from '../numerics/trees.ts'
import { paramsOf } from '../transforms/stateless.ts'
import type { Hyperparameter } from '../transformation.ts'

/** Sums of squares, and the linear part of the regret. */
export type FtrlState = { readonly accumulator: Tree<Tensor>; readonly linear: Tree<Tensor> }

/** Options of FTRL-proximal. */
export interface FtrlOptions {
  /** Step size > 0. */
  readonly learningRate: Hyperparameter
  /** Power of the accumulator, ≤ 0; default −0.5. */
  readonly learningRatePower?: Hyperparameter
  /** First value of the accumulator; default 0.1. */
  readonly initialAccumulatorValue?: Hyperparameter
  /** L1 penalty, ≥ 0; default 0. */
  readonly l1?: Hyperparameter
  /** L2 penalty, ≥ 0; default 0. */
  readonly l2?: Hyperparameter
  /** L2 penalty on the gradient's share, ≥ 0; default 0. */
  readonly l2Shrinkage?: Hyperparameter
  /** Smoothing of the L2 penalty, ≥ 0; default 0. */
  readonly beta?: Hyperparameter
}

/**
 * Follow the regularised leader, with penalties that make parameters exactly zero.
 *
 * n ← n + g²; σ = (nₜ^−power − nₜ₋₁^−power)/learningRate; z ← z + g − σ·p; p = (sign(z)·l1 − z)/(n^−power/learningRate + 2·l2′) where |z| > l1, else 0;
 * l2′ = l2 + beta/(2·learningRate)
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, ftrl } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = ftrl({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.38096, -0.49309]
 * @see McMahan et al., Ad Click Prediction: a View from the Trenches, 2013
 */
export const ftrl = define<FtrlOptions, FtrlState>(
  'ftrl',
  {
    learningRate: hyper({ above: 0 }),
    learningRatePower: hyper({ high: 0 }, -0.5),
    initialAccumulatorValue: nonNegative(0.1),
    l1: nonNegative(0),
    l2: nonNegative(0),
    l2Shrinkage: nonNegative(0),
    beta: nonNegative(0),
  },
  ({ learningRate, learningRatePower, initialAccumulatorValue, l1, l2, l2Shrinkage, beta }) => ({
    init: (params) => ({ accumulator: fullTree(params, initialAccumulatorValue), linear: zerosLikeTree(params) }),
    update: (updates, state, context) => {
      const smoothed = plus(l2, over(beta, times(learningRate, 2)))
      const { update, ...next } = collect(
        (...leaves: readonly Tensor[]) => {
          const [g, p, old, line] = leaves as [Tensor, Tensor, Tensor, Tensor]
          const scale = (n: Tensor) => pow(n, asScalar(negative(learningRatePower), n.dtype))
          const shrunk = l2Shrinkage === 0 ? g : add(g, mul(p, at(times(l2Shrinkage, 2), p)))
          const accumulator = add(old, square(g))
          const rate = asScalar(learningRate, g.dtype)
          const sigma = div(sub(scale(accumulator), scale(old)), rate)
          const linear = add(line, sub(shrunk, mul(sigma, p)))
          const divisor = add(div(scale(accumulator), rate), at(times(smoothed, 2), g))
          const bounded = sub(mul(sign(linear), at(l1, g)), linear)
          const target = where(greater(abs(linear), at(l1, g)), div(bounded, divisor), 0)
          return { update: add(target, neg(p)), accumulator, linear }
        },
        ['update', 'accumulator', 'linear'],
        updates,
        paramsOf('ftrl', context),
        state.accumulator,
        state.linear,
      )
      return [update, next]
    },
  }),
)
