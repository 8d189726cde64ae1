import { add, equal, maximum, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { decayRate, nonNegative } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { biasCorrection, updateMoment } from '../numerics/moments.ts'
import { subTrees, zerosLikeTree } from '../numerics/trees.ts'
import type { Hyperparameter } from '../transformation.ts'
import { divideByRoot } from './scale-by-adam.ts'
import type { ScaleByAdamState } from './scale-by-adam.ts'

/** Options of ACProp's rule. */
export interface ScaleByAcpropOptions {
  /** Decay of the average of the updates, in [0, 1); default 0.9. */
  readonly b1?: Hyperparameter
  /** Decay of the average of the squared surprise, in [0, 1); default 0.999. */
  readonly b2?: Hyperparameter
  /** Added to the root; default 1e-16. */
  readonly eps?: Hyperparameter
  /** Added to the averaged squares in every step; default 1e-16. */
  readonly epsRoot?: Hyperparameter
}

export const acpropFields = { b1: decayRate(0.9), b2: decayRate(0.999), eps: nonNegative(1e-16), epsRoot: nonNegative(1e-16) } as const

/**
 * Divides each gradient by the averaged squared surprise of the steps before it.
 *
 * u = g/(√ŝₜ₋₁ + eps), 1 in place of ŝ in the first step; s ← b2·s + (1 − b2)·(g − mₜ₋₁)² + epsRoot
 *
 * @example
 * import { scaleByAcprop } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByAcprop()
 * toArray(rule.update(tensor([4]), rule.init(tensor([0])))[0] as Tensor) // => [4]
 * @see Zhuang et al., Momentum Centering and Asynchronous Update for Adaptive Gradient Methods, 2021, arXiv:2110.05454
 */
export const scaleByAcprop = define<ScaleByAcpropOptions, ScaleByAdamState>('scaleByAcprop', acpropFields, ({ b1, b2, eps, epsRoot }) => ({
  init: (params) => ({ count: counter(), mu: zerosLikeTree(params), nu: zerosLikeTree(params) }),
  update: (updates, state) => {
    const first = equal(state.count, 0)
    const squares = updateMoment(subTrees(updates, state.mu), state.nu, b2, 2)
    const before = biasCorrection(state.nu, b2, maximum(state.count, 1))
    const divisor = map((v: Tensor) => where(first, 1, v), before)
    return [
      divideByRoot(updates, divisor, eps, 0),
      {
        count: increment(state.count),
        mu: updateMoment(updates, state.mu, b1, 1),
        nu: map((v: Tensor) => add(v, at(epsRoot, v)), squares),
      },
    ]
  },
}))
