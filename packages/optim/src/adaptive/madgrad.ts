import { add, asTensor, cast, div, mul, pow, sqrt, square, sub } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { at, define, floatDType } from '../define.ts'
import { hyper, nonNegative } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { asScalar, plus } from '../numerics/scalar-math.ts'
import { oneMinus } from '../numerics/scalars.ts'
import { collect, zerosLikeTree } from '../numerics/trees.ts'
import type { Hyperparameter } from '../transformation.ts'
import { paramsOf } from '../transforms/stateless.ts'

/** Steps made, weighted sums of the squares and of the gradients, and the start. */
export type ScaleByMadgradState = {
  readonly count: Tensor
  readonly squares: Tree<Tensor>
  readonly gradients: Tree<Tensor>
  readonly initParams: Tree<Tensor>
}

/** Options of MADGRAD's rule. */
export interface ScaleByMadgradOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
  /** Part of the parameters that stays in each step, in [0, 1]; default 0.9. */
  readonly momentum?: Hyperparameter
  /** Added to the learning rate and to the cube root; default 1e-6. */
  readonly eps?: Hyperparameter
}

export const madgradFields = { learningRate: nonNegative(), momentum: hyper({ low: 0, high: 1 }, 0.9), eps: nonNegative(1e-6) } as const

/**
 * Dual averaging with a cube root.
 *
 * λ = (learningRate + eps)·√t; v ← v + λ·g²; s ← s + λ·g; z = p₀ − s/(∛v + eps); p ← (1 − momentum)·z + momentum·p
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { scaleByMadgrad } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const params = tensor([0])
 * const rule = scaleByMadgrad({ learningRate: 1, momentum: 0, eps: 0 })
 * toArray(rule.update(tensor([8]), rule.init(params), { params })[0] as Tensor) // => [-2]
 * @see Defazio and Jelassi, Adaptivity without Compromise: A Momentumized, Adaptive, Dual Averaged Gradient Method, 2021, arXiv:2101.11075
 */
export const scaleByMadgrad = define<ScaleByMadgradOptions, ScaleByMadgradState>(
  'scaleByMadgrad',
  madgradFields,
  ({ learningRate, momentum, eps }) => ({
    init: (params) => ({ count: counter(), squares: zerosLikeTree(params), gradients: zerosLikeTree(params), initParams: params }),
    update: (updates, state, context) => {
      const dtype = floatDType(updates)
      const count = increment(state.count)
      const weight = mul(sqrt(cast(count, dtype)), asScalar(plus(learningRate, eps), dtype))
      const { update, ...sums } = collect(
        (...leaves: readonly Tensor[]) => {
          const [g, p, start, oldSquares, oldGradients] = leaves as [Tensor, Tensor, Tensor, Tensor, Tensor]
          const squares = add(oldSquares, mul(square(g), at(weight, g)))
          const gradients = add(oldGradients, mul(g, at(weight, g)))
          const divisor = add(pow(squares, asTensor(1 / 3, g.dtype)), at(eps, g))
          const z = sub(start, div(gradients, divisor))
          return { update: mul(sub(z, p), at(oneMinus(momentum), p)), squares, gradients }
        },
        ['update', 'squares', 'gradients'],
        updates,
        paramsOf('scaleByMadgrad', context),
        state.initParams,
        state.squares,
        state.gradients,
      )
      return [update, { count, ...sums, initParams: state.initParams }]
    },
  }),
)
