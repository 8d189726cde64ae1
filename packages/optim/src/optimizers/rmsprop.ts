import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { choice, decayRate, flag, nonNegative } from '../fields.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { identity } from '../transforms/stateless.ts'
import { scaleByRms, scaleByStddev } from '../transforms/scale-by-rms.ts'
import { trace } from '../transforms/trace.ts'
import type { Dialect, Hyperparameter } from '../transformation.ts'

/** Options of RMSprop. */
export interface RmspropOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
  /** Decay of the average of squares, in [0, 1); default 0.9 (torch 0.99). */
  readonly decay?: Hyperparameter
  /** Against division by zero; default 1e-8 (keras 1e-7). */
  readonly eps?: Hyperparameter
  /** First value of the average of squares; default 0. */
  readonly initialScale?: Hyperparameter
  /** eps inside the root; default true (torch false). */
  readonly epsInRoot?: boolean
  /** Divide by the standard deviation instead of the root mean square; default false. */
  readonly centered?: boolean
  /** Decay of the momentum, ≥ 0; default none. */
  readonly momentum?: Hyperparameter | null
  /** Nesterov's look-ahead; default false. */
  readonly nesterov?: boolean
  /** Correct the averages for their start at zero; default false. */
  readonly biasCorrection?: boolean
  /** torch takes the momentum before the learning rate; default optax. */
  readonly dialect?: Dialect
}

/**
 * RMSprop: gradient descent with each gradient divided by the root of the average of its squares.
 *
 * S ← decay·S + (1 − decay)·g²; u = −learningRate·g/√(S + eps)
 *
 * @example
 * import { rmsprop } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const solver = rmsprop({ learningRate: 0.5, decay: 0.75, eps: 0 })
 * toArray(solver.update(tensor([4]), solver.init(tensor([0])))[0] as Tensor) // => [-1]
 * @see Hinton, Neural Networks for Machine Learning, lecture 6, 2012
 */
export const rmsprop = define<RmspropOptions, readonly Tree<Tensor>[]>(
  'rmsprop',
  {
    learningRate: nonNegative(),
    decay: decayRate(0.9),
    eps: nonNegative(1e-8),
    initialScale: nonNegative(0),
    epsInRoot: flag(true),
    centered: flag(false),
    momentum: nonNegative(null),
    nesterov: flag(false),
    biasCorrection: flag(false),
    dialect: choice(['optax', 'torch', 'keras'], 'optax'),
  },
  ({ learningRate, centered, momentum, nesterov, dialect, ...average }) => {
    const scaled = centered ? scaleByStddev(average) : scaleByRms(average)
    const descent = scaleByLearningRate(learningRate)
    const momentumRule = momentum === null ? identity() : trace(momentum, { nesterov })
    return dialect === 'torch' ? chain(scaled, momentumRule, descent) : chain(scaled, descent, momentumRule)
  },
  { torch: { decay: 0.99, epsInRoot: false }, keras: { eps: 1e-7 } },
)
