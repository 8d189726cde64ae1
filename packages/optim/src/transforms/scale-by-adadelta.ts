import { add, div, mul, sqrt } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { decayRate, nonNegative } from '../fields.ts'
import { updateMoment } from '../numerics/moments.ts'
import { zerosLikeTree } from '../numerics/trees.ts'
import type { Hyperparameter } from '../transformation.ts'

/** Averages of the squared updates before and after the rule. */
export type ScaleByAdadeltaState = { readonly squaredGradients: Tree<Tensor>; readonly squaredUpdates: Tree<Tensor> }

/** Options of Adadelta's rule. */
export interface ScaleByAdadeltaOptions {
  /** Decay of both averages, in [0, 1); default 0.9. */
  readonly rho?: Hyperparameter
  /** Added under both roots; default 1e-6. */
  readonly eps?: Hyperparameter
}

/**
 * Scales the updates by the ratio of the typical step to the typical gradient.
 *
 * v ← ρ·v + (1 − ρ)·g²; u = √(d + eps)/√(v + eps)·g; d ← ρ·d + (1 − ρ)·u²
 *
 * @example
 * import { scaleByAdadelta } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByAdadelta({ rho: 0.75, eps: 0.25 })
 * toArray(rule.update(tensor([4]), rule.init(tensor([0])))[0] as Tensor) // => [0.9701]
 * @see Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012, arXiv:1212.5701
 */
export const scaleByAdadelta = define<ScaleByAdadeltaOptions, ScaleByAdadeltaState>(
  'scaleByAdadelta',
  { rho: decayRate(0.9), eps: nonNegative(1e-6) },
  ({ rho, eps }) => ({
    init: (params) => ({ squaredGradients: zerosLikeTree(params), squaredUpdates: zerosLikeTree(params) }),
    update: (updates, state) => {
      const squaredGradients = updateMoment(updates, state.squaredGradients, rho, 2)
      const next = map(
        (g: Tensor, v: Tensor, d: Tensor) => mul(div(sqrt(add(d, at(eps, d))), sqrt(add(v, at(eps, v)))), g),
        updates,
        squaredGradients,
        state.squaredUpdates,
      )
      return [next, { squaredGradients, squaredUpdates: updateMoment(next, state.squaredUpdates, rho, 2) }]
    },
  }),
)
