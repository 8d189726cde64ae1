import { add, div, equal, mul, sqrt, square, sum, where, zeros } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { decayRate, nonNegative } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { decayed } from '../numerics/moments.ts'
import { plusEps } from '../numerics/norms.ts'
import { zerosLikeTree } from '../numerics/trees.ts'
import type { Hyperparameter } from '../transformation.ts'
import { paramsOf } from './stateless.ts'

/** Steps made, momentum, and one average of squared norms per leaf. */
export type ScaleByNovogradState = { readonly count: Tensor; readonly mu: Tree<Tensor>; readonly nu: Tree<Tensor> }

/** Options of NovoGrad's rule. */
export interface ScaleByNovogradOptions {
  /** Decay of the momentum, in [0, 1); default 0.9. */
  readonly b1?: Hyperparameter
  /** Decay of the average of squared norms, in [0, 1); default 0.25. */
  readonly b2?: Hyperparameter
  /** Added to the root; default 1e-8. */
  readonly eps?: Hyperparameter
  /** Added under the root; default 0. */
  readonly epsRoot?: Hyperparameter
  /** Multiple of the parameters that joins the update; default 0. */
  readonly weightDecay?: Hyperparameter
}

export const novogradFields = {
  b1: decayRate(0.9),
  b2: decayRate(0.25),
  eps: nonNegative(1e-8),
  epsRoot: nonNegative(0),
  weightDecay: nonNegative(0),
} as const

/**
 * Divides each leaf by the averaged norm of its gradient, then takes momentum.
 *
 * v ← ‖g‖² in the first step, later b2·v + (1 − b2)·‖g‖²; x = g/(√(v + epsRoot) + eps) + weightDecay·p; m ← x, later b1·m + x; u = m
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { scaleByNovograd } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const params = tensor([0, 0])
 * const rule = scaleByNovograd()
 * toArray(rule.update(tensor([3, 4]), rule.init(params), { params })[0] as Tensor) // => [0.6, 0.8]
 * @see Ginsburg et al., Stochastic Gradient Methods with Layer-wise Adaptive Moments, 2019, arXiv:1905.11286
 */
export const scaleByNovograd = define<ScaleByNovogradOptions, ScaleByNovogradState>(
  'scaleByNovograd',
  novogradFields,
  ({ b1, b2, eps, epsRoot, weightDecay }) => ({
    init: (params) => ({ count: counter(), mu: zerosLikeTree(params), nu: map((leaf: Tensor) => zeros([], leaf.dtype), params) }),
    update: (updates, state, context) => {
      const first = equal(state.count, 0)
      const squares = map((g: Tensor) => sum(square(g)), updates)
      const nu = map((n: Tensor, old: Tensor) => where(first, n, decayed(n, old, b2)), squares, state.nu)
      const steps = map(
        (g: Tensor, n: Tensor, p: Tensor) => {
          const divisor = add(sqrt(plusEps(n, epsRoot)), at(eps, n))
          return add(div(g, divisor), mul(p, at(weightDecay, p)))
        },
        updates,
        nu,
        paramsOf('scaleByNovograd', context),
      )
      const mu = map((x: Tensor, m: Tensor) => where(first, x, add(mul(m, at(b1, m)), x)), steps, state.mu)
      return [mu, { count: increment(state.count), mu, nu }]
    },
  }),
)
