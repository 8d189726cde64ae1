import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { choice, flag, hyper, nonNegative } from '../fields.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { identity } from '../transforms/stateless.ts'
import { dampedTrace, trace } from '../transforms/trace.ts'
import type { Dialect, GradientTransformation, Hyperparameter, Scalar } from '../transformation.ts'

/** Options of stochastic gradient descent. */
export interface SgdOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
  /** Decay of the momentum, ≥ 0; default none. */
  readonly momentum?: Hyperparameter | null
  /** Nesterov's look-ahead; default false. */
  readonly nesterov?: boolean
  /** Part of each update after the first kept out of the momentum (torch), in [0, 1]; default 0. */
  readonly dampening?: Hyperparameter
  /** keras puts the learning rate inside the momentum; default optax. */
  readonly dialect?: Dialect
}

const momentumOf = (decay: Scalar | null, dampening: Scalar, nesterov: boolean): GradientTransformation => {
  if (decay === null) return identity()
  return dampening === 0 ? trace(decay, { nesterov }) : dampedTrace({ decay, dampening, nesterov })
}

/**
 * Stochastic gradient descent, with momentum if wished.
 *
 * m ← g + momentum·m; u = −learningRate·m. With dialect keras: m ← momentum·m − learningRate·g; u = m.
 *
 * @example
 * import { applyUpdates, sgd } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = sgd({ learningRate: 0.5, momentum: 0.9 })
 * const params = { w: tensor([1]) }
 * const [updates, state] = solver.update({ w: tensor([2]) }, solver.init(params), { params })
 * toArray(applyUpdates(params, updates).w) // => [0]
 * @see Sutskever et al., On the importance of initialization and momentum in deep learning, 2013
 */
export const sgd = define<SgdOptions, readonly Tree<Tensor>[]>(
  'sgd',
  {
    learningRate: nonNegative(),
    momentum: nonNegative(null),
    nesterov: flag(false),
    dampening: hyper({ low: 0, high: 1 }, 0),
    dialect: choice(['optax', 'torch', 'keras'], 'optax'),
  },
  ({ learningRate, momentum, nesterov, dampening, dialect }) => {
    const momentumRule = momentumOf(momentum, dampening, nesterov)
    const descent = scaleByLearningRate(learningRate)
    return dialect === 'keras' ? chain(descent, momentumRule) : chain(momentumRule, descent)
  },
)
