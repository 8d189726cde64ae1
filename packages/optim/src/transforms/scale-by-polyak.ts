import { cast, div, lessEqual, minimum, relu, sub, where } from '@grad-ts/tensor'
import { at, define } from '../define.ts'
import { anyNumber, choice, nonNegative } from '../fields.ts'
import { plusEps, squaredNorm } from '../numerics/norms.ts'
import type { Hyperparameter } from '../transformation.ts'
import { scaleBy, stateless, valueOf } from './stateless.ts'

/** Options of Polyak's step. */
export interface ScaleByPolyakOptions {
  /** Smallest value of the loss; default 0. */
  readonly fMin?: Hyperparameter
  /** Largest step, ≥ 0; default 1. */
  readonly maxLearningRate?: Hyperparameter
  /** Added to the squared norm; default 0. */
  readonly eps?: Hyperparameter
  /** sps+ gives no negative steps; default sps. */
  readonly variant?: 'sps' | 'sps+'
}

export const polyakFields = {
  fMin: anyNumber(0),
  maxLearningRate: nonNegative(1),
  eps: nonNegative(0),
  variant: choice(['sps', 'sps+'], 'sps'),
} as const

/**
 * Scales the updates by the step that would reach the smallest loss if the loss were linear.
 *
 * u = g·min((value − fMin)/(‖g‖² + eps), maxLearningRate), and 0 where the gradient is 0
 *
 * @throws {ContextError} when the context has no value
 * @example
 * import { scaleByPolyak } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const value = tensor(2.5)
 * toArray(scaleByPolyak().update(tensor([3, 4]), null, { value })[0] as Tensor) // => [0.3, 0.4]
 * @see Loizou et al., Stochastic Polyak Step-size for SGD, 2020, arXiv:2002.10542
 */
export const scaleByPolyak = define<ScaleByPolyakOptions, null>('scaleByPolyak', polyakFields, ({ fMin, maxLearningRate, eps, variant }) =>
  stateless((updates, _, context) => {
    const squares = plusEps(squaredNorm(updates), eps)
    const gap = sub(cast(valueOf('scaleByPolyak', context), squares.dtype), at(fMin, squares))
    const step = minimum(div(variant === 'sps+' ? relu(gap) : gap, squares), at(maxLearningRate, squares))
    const flat = squares.dtype === 'float64' ? 2 ** -52 : 2 ** -23
    return scaleBy(updates, where(lessEqual(squares, flat), 0, step))
  }),
)
