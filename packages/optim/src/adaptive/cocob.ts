import { abs, add, div, maximum, mul, sub } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { nonNegative } from '../fields.ts'
import { collect, fullTree, zerosLikeTree } from '../numerics/trees.ts'
import type { Hyperparameter } from '../transformation.ts'
import { paramsOf } from '../transforms/stateless.ts'

/** The start, the summed gradients and their sizes, the largest gradients, and what was won so far. */
export type ScaleByCocobState = {
  readonly initParams: Tree<Tensor>
  readonly gradients: Tree<Tensor>
  readonly scale: Tree<Tensor>
  readonly sizes: Tree<Tensor>
  readonly reward: Tree<Tensor>
}

/** Options of COCOB's rule. */
export interface ScaleByCocobOptions {
  /** How slowly the first steps grow; default 100. */
  readonly alpha?: Hyperparameter
  /** First scale of the gradients; default 1e-8. */
  readonly eps?: Hyperparameter
}

/**
 * Coin betting: steps by a bet on the sum of the gradients, without a learning rate.
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { scaleByCocob } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const params = tensor([1])
 * const rule = scaleByCocob()
 * toArray(rule.update(tensor([4]), rule.init(params), { params })[0] as Tensor) // => [-0.01]
 * @see Orabona and Tommasi, Training Deep Networks without Learning Rates Through Coin Betting, 2017, arXiv:1705.07795
 */
export const scaleByCocob = define<ScaleByCocobOptions, ScaleByCocobState>(
  'scaleByCocob',
  { alpha: nonNegative(100), eps: nonNegative(1e-8) },
  ({ alpha, eps }) => ({
    init: (params) => {
      const zero = zerosLikeTree(params)
      return { initParams: params, gradients: zero, scale: fullTree(params, eps), sizes: zero, reward: zero }
    },
    update: (updates, state, context) => {
      const { update, ...next } = collect(
        (...leaves: readonly Tensor[]) => {
          const [g, p, start, summed, largest, sizes, won] = leaves as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
          const scale = maximum(largest, abs(g))
          const size = add(sizes, abs(g))
          const reward = maximum(sub(won, mul(g, sub(p, start))), 0)
          const gradients = sub(summed, g)
          const bet = div(gradients, mul(scale, maximum(add(size, scale), mul(scale, at(alpha, scale)))))
          return { update: sub(add(start, mul(bet, add(scale, reward))), p), gradients, scale, sizes: size, reward }
        },
        ['update', 'gradients', 'scale', 'sizes', 'reward'],
        updates,
        paramsOf('scaleByCocob', context),
        state.initParams,
        state.gradients,
        state.scale,
        state.sizes,
        state.reward,
      )
      return [update, { initParams: state.initParams, ...next }]
    },
  }),
)
