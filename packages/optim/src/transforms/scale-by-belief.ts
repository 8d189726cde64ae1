import { add } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { decayRate, flag, nonNegative } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { biasCorrection, updateMoment } from '../numerics/moments.ts'
import { subTrees, zerosLikeTree } from '../numerics/trees.ts'
import type { Hyperparameter } from '../transformation.ts'
import { correctedMean, divideByRoot } from './scale-by-adam.ts'
import type { ScaleByAdamState } from './scale-by-adam.ts'

/** Options of AdaBelief's rule. */
export interface ScaleByBeliefOptions {
  /** Decay of the average of the updates, in [0, 1); default 0.9. */
  readonly b1?: Hyperparameter
  /** Decay of the average of the squared surprise, in [0, 1); default 0.999. */
  readonly b2?: Hyperparameter
  /** Added to the root; default 1e-16. */
  readonly eps?: Hyperparameter
  /** Added to the averaged squares in every step, where it stays; default 1e-16. */
  readonly epsRoot?: Hyperparameter
  /** Nesterov's look-ahead; default false. */
  readonly nesterov?: boolean
}

export const beliefFields = {
  b1: decayRate(0.9),
  b2: decayRate(0.999),
  eps: nonNegative(1e-16),
  epsRoot: nonNegative(1e-16),
  nesterov: flag(false),
} as const

/**
 * Adam's rule with the squared distance from the average in place of the square.
 *
 * s ← b2·s + (1 − b2)·(g − m)² + epsRoot; u = m̂/(√ŝ + eps)
 *
 * @example
 * import { scaleByBelief } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = scaleByBelief()
 * toArray(rule.update(tensor([4, -0.5]), rule.init(tensor([0, 0])))[0] as Tensor) // => [1.111, -1.111]
 * @see Zhuang et al., AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients, 2020, arXiv:2010.07468
 */
export const scaleByBelief = define<ScaleByBeliefOptions, ScaleByAdamState>(
  'scaleByBelief',
  beliefFields,
  ({ b1, b2, eps, epsRoot, nesterov }) => ({
    init: (params) => ({ count: counter(), mu: zerosLikeTree(params), nu: zerosLikeTree(params) }),
    update: (updates, state) => {
      const t = increment(state.count)
      const mu = updateMoment(updates, state.mu, b1, 1)
      const squares = updateMoment(subTrees(updates, mu), state.nu, b2, 2)
      const nu = map((v: Tensor) => add(v, at(epsRoot, v)), squares)
      return [divideByRoot(correctedMean(updates, mu, b1, t, nesterov), biasCorrection(nu, b2, t), eps, 0), { count: t, mu, nu }]
    },
  }),
)
