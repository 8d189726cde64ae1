import { add, cast, div, exp, log, maximum, mul, neg, sub } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define, floatDType } from '../define.ts'
import { nonNegative } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { asScalar, negative, times } from '../numerics/scalar-math.ts'
import { addTrees } from '../numerics/trees.ts'
import { paramsOf } from '../transforms/stateless.ts'
import type { Hyperparameter } from '../transformation.ts'

/** Steps made and the averaged parameters, those to evaluate with. */
export type AsgdState = { readonly count: Tensor; readonly average: Tree<Tensor> }

/** Options of averaged gradient descent. */
export interface AsgdOptions {
  /** First step size ≥ 0; default 0.01. */
  readonly learningRate?: Hyperparameter
  /** Decay of the parameters and pace of the step sizes, ≥ 0; default 1e-4. */
  readonly lambd?: Hyperparameter
  /** Exponent with which the steps shrink, ≥ 0; default 0.75. */
  readonly alpha?: Hyperparameter
  /** Step after which averaging starts; default 1e6. */
  readonly t0?: Hyperparameter
}

/**
 * Averaged stochastic gradient descent.
 *
 * η = learningRate/(1 + lambd·learningRate·(t − 1))^alpha; u = −η·(g + lambd·p); average ← average + (p − average)/max(1, t − 1 − t0)
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, asgd } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = asgd({ learningRate: 0.1, lambd: 0 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.95, -2.025]
 * @see Polyak and Juditsky, Acceleration of stochastic approximation by averaging, 1992
 */
export const asgd = define<AsgdOptions, AsgdState>(
  'asgd',
  { learningRate: nonNegative(0.01), lambd: nonNegative(1e-4), alpha: nonNegative(0.75), t0: nonNegative(1e6) },
  ({ learningRate, lambd, alpha, t0 }) => ({
    init: (params) => ({ count: counter(), average: params }),
    update: (updates, state, context) => {
      const params = paramsOf('asgd', context)
      const dtype = floatDType(updates)
      const before = cast(state.count, dtype)
      const growth = add(mul(before, asScalar(times(lambd, learningRate), dtype)), 1)
      const eta = mul(exp(mul(log(growth), asScalar(negative(alpha), dtype))), asScalar(learningRate, dtype))
      const share = div(asScalar(1, dtype), maximum(sub(before, asScalar(t0, dtype)), 1))
      const next = map((g: Tensor, p: Tensor) => mul(add(g, mul(p, at(lambd, p))), at(neg(eta), g)), updates, params)
      const average = map((a: Tensor, p: Tensor) => add(a, mul(sub(p, a), at(share, a))), state.average, addTrees(params, next))
      return [next, { count: increment(state.count), average }]
    },
  }),
)
