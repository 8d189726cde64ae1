import { add, asTensor, div, maximum, mul, sqrt, square, sum } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { anyNumber, nonNegative } from '../fields.ts'
import { leafNorm } from '../numerics/norms.ts'
import { subTrees } from '../numerics/trees.ts'
import type { Hyperparameter } from '../transformation.ts'
import { paramsOf } from './stateless.ts'

/** For each leaf the largest distance from the start, the sum of squared gradients, and the start. */
export type ScaleByDistanceOverGradientsState = {
  readonly maxDistance: Tree<Tensor>
  readonly sumOfSquares: Tree<Tensor>
  readonly initParams: Tree<Tensor>
}

/** Options of the distance over gradients. */
export interface ScaleByDistanceOverGradientsOptions {
  /** First distance, relative to 1 + ‖p‖; default 1e-6. */
  readonly repsRel?: Hyperparameter
  /** Added under the root; default 1e-8. */
  readonly eps?: Hyperparameter
  /** Factor of all steps; default 1. */
  readonly globalScale?: Hyperparameter
}

/**
 * Scales each leaf by the distance it has come over the root of its summed squared gradients.
 *
 * d ← max(d, ‖p − p₀‖); s ← s + Σg²; u = globalScale·g·d/√(s + eps)
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { scaleByDistanceOverGradients } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const params = tensor([3, 4])
 * const rule = scaleByDistanceOverGradients({ repsRel: 0.5, eps: 0 })
 * toArray(rule.update(tensor([6, 8]), rule.init(params), { params })[0] as Tensor) // => [1.8, 2.4]
 * @see Ivgi et al., DoG is SGD's Best Friend: A Parameter-Free Dynamic Step Size Schedule, 2023, arXiv:2302.12022
 */
export const scaleByDistanceOverGradients = define<ScaleByDistanceOverGradientsOptions, ScaleByDistanceOverGradientsState>(
  'scaleByDistanceOverGradients',
  { repsRel: nonNegative(1e-6), eps: nonNegative(1e-8), globalScale: anyNumber(1) },
  ({ repsRel, eps, globalScale }) => ({
    init: (params) => ({
      maxDistance: map((p: Tensor) => mul(add(leafNorm(p), 1), at(repsRel, p)), params),
      sumOfSquares: map((p: Tensor) => asTensor(0, p.dtype), params),
      initParams: params,
    }),
    update: (updates, state, context) => {
      const moved = subTrees(paramsOf('scaleByDistanceOverGradients', context), state.initParams)
      const maxDistance = map((d: Tensor, x: Tensor) => maximum(d, leafNorm(x)), state.maxDistance, moved)
      const sumOfSquares = map((s: Tensor, g: Tensor) => add(s, sum(square(g))), state.sumOfSquares, updates)
      const next = map(
        (g: Tensor, d: Tensor, s: Tensor) => mul(g, mul(div(d, sqrt(add(s, at(eps, s)))), at(globalScale, d))),
        updates,
        maxDistance,
        sumOfSquares,
      )
      return [next, { maxDistance, sumOfSquares, initParams: state.initParams }]
    },
  }),
)
