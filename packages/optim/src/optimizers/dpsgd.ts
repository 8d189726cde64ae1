import { add, div, key as makeKey, mul } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { leaves, map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { at, define } from '../define.ts'
import { flag, hyper, nonNegative, wholeNumber } from '../fields.ts'
import { times } from '../numerics/scalar-math.ts'
import { noiseLike } from '../transforms/add-noise.ts'
import { perExampleGlobalNormClip } from '../transforms/per-example.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { identity } from '../transforms/stateless.ts'
import { trace } from '../transforms/trace.ts'
import type { Hyperparameter } from '../transformation.ts'

/** The random key of the next step. */
export type DifferentiallyPrivateAggregateState = { readonly key: Tensor }

/** Options of private aggregation. */
export interface DifferentiallyPrivateAggregateOptions {
  /** Largest norm of one example's gradient, > 0. */
  readonly l2NormClip: Hyperparameter
  /** Standard deviation of the noise over the largest norm, ≥ 0. */
  readonly noiseMultiplier: Hyperparameter
  /** Seed of the noise, a whole number ≥ 0; default 0. */
  readonly seed?: number
}

const fields = { l2NormClip: hyper({ above: 0 }), noiseMultiplier: nonNegative(), seed: wholeNumber(0, 0) } as const

/**
 * Clips the gradient of each example, sums, adds normal noise and divides by the number of examples.
 *
 * Updates are leaves `[batch, …]`; the result has leaves `[…]`.
 *
 * @example
 * import { differentiallyPrivateAggregate } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = differentiallyPrivateAggregate({ l2NormClip: 1, noiseMultiplier: 0 })
 * toArray(rule.update(tensor([[3, 4], [0, 0.5]]), rule.init(tensor([0, 0])))[0] as Tensor) // => [0.3, 0.65]
 * @see Abadi et al., Deep Learning with Differential Privacy, 2016, arXiv:1607.00133
 */
export const differentiallyPrivateAggregate = define<DifferentiallyPrivateAggregateOptions, DifferentiallyPrivateAggregateState>(
  'differentiallyPrivateAggregate',
  fields,
  ({ l2NormClip, noiseMultiplier, seed }) => ({
    init: () => ({ key: makeKey(seed) }),
    update: (updates, state) => {
      const [clipped] = perExampleGlobalNormClip(updates, l2NormClip)
      const batch = leaves(updates)[0]?.shape[0] as number
      const [noise, key] = noiseLike(state.key, clipped)
      const deviation = times(l2NormClip, noiseMultiplier)
      return [map((g: Tensor, n: Tensor) => div(add(g, mul(n, at(deviation, n))), batch), clipped, noise), { key }]
    },
  }),
)

/** Options of differentially private gradient descent. */
export interface DpsgdOptions extends DifferentiallyPrivateAggregateOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
  /** Decay of the momentum, ≥ 0; default none. */
  readonly momentum?: Hyperparameter | null
  /** Nesterov's look-ahead; default false. */
  readonly nesterov?: boolean
}

/**
 * Differentially private gradient descent: gradients are leaves `[batch, …]`, one per example.
 *
 * @example
 * import { dpsgd } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const solver = dpsgd({ learningRate: 1, l2NormClip: 1, noiseMultiplier: 0 })
 * toArray(solver.update(tensor([[3, 4], [0, 0.5]]), solver.init(tensor([0, 0])))[0] as Tensor) // => [-0.3, -0.65]
 * @see Abadi et al., Deep Learning with Differential Privacy, 2016, arXiv:1607.00133
 */
export const dpsgd = define<DpsgdOptions, readonly Tree<Tensor>[]>(
  'dpsgd',
  { learningRate: nonNegative(), ...fields, momentum: nonNegative(null), nesterov: flag(false) },
  ({ learningRate, momentum, nesterov, ...privacy }) =>
    chain(
      differentiallyPrivateAggregate(privacy),
      momentum === null ? identity() : trace(momentum, { nesterov }),
      scaleByLearningRate(learningRate),
    ),
)
