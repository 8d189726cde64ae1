import { add, equal, mul, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { flag, hyper, nonNegative } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { oneMinus } from '../numerics/scalars.ts'
import { zerosLikeTree } from '../numerics/trees.ts'
import type { GradientTransformation, Hyperparameter, Scalar } from '../transformation.ts'

/** The decaying sum of the updates. */
export type TraceState = { readonly trace: Tree<Tensor> }

/** Options of momentum. */
export interface TraceOptions {
  /** Decay of the sum, ≥ 0. */
  readonly decay: Hyperparameter
  /** Look ahead: add the new sum once more with its decay; default false. */
  readonly nesterov?: boolean
}

const plus = (updates: Tree<Tensor>, sums: Tree<Tensor>, decay: Scalar): Tree<Tensor> =>
  map((update: Tensor, sum: Tensor) => add(update, mul(sum, at(decay, sum))), updates, sums)

export const traceOf = define<TraceOptions, TraceState>(
  'trace',
  { decay: nonNegative(), nesterov: flag(false) },
  ({ decay, nesterov }) => ({
    init: (params) => ({ trace: zerosLikeTree(params) }),
    update: (updates, { trace: sums }) => {
      const next = plus(updates, sums, decay)
      return [nesterov ? plus(updates, next, decay) : next, { trace: next }]
    },
  }),
)

/**
 * Momentum: the decaying sum of the updates.
 *
 * m ← g + d·m; the update is m, or g + d·m with the new m (nesterov).
 *
 * @param decay d ≥ 0, usually 0.9
 * @param options.nesterov look ahead; default false
 * @example
 * import { trace } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const momentum = trace(0.5)
 * const [, state] = momentum.update(tensor([4]), momentum.init(tensor([0])))
 * toArray(momentum.update(tensor([4]), state)[0] as Tensor) // => [6]
 * @see Sutskever et al., On the importance of initialization and momentum in deep learning, 2013
 */
export const trace = (decay: Scalar, options: { readonly nesterov?: boolean } = {}): GradientTransformation<TraceState> =>
  traceOf({ decay, ...options })

/** The damped sum of the updates and the number of updates. */
export type DampedTraceState = { readonly count: Tensor; readonly trace: Tree<Tensor> }

/** Options of damped momentum. */
export interface DampedTraceOptions extends TraceOptions {
  /** Part of each update after the first that does not enter the sum, in [0, 1]. */
  readonly dampening: Hyperparameter
}

/**
 * Momentum as PyTorch has it: m ← g in the first step, then m ← d·m + (1 − dampening)·g.
 *
 * @example
 * import { dampedTrace } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const momentum = dampedTrace({ decay: 0.5, dampening: 0.5 })
 * const [, state] = momentum.update(tensor([4]), momentum.init(tensor([0])))
 * toArray(momentum.update(tensor([4]), state)[0] as Tensor) // => [4]
 */
export const dampedTrace = define<DampedTraceOptions, DampedTraceState>(
  'dampedTrace',
  { decay: nonNegative(), dampening: hyper({ low: 0, high: 1 }), nesterov: flag(false) },
  ({ decay, dampening, nesterov }) => ({
    init: (params) => ({ count: counter(), trace: zerosLikeTree(params) }),
    update: (updates, { count, trace: sums }) => {
      const first = equal(count, 0)
      const next = map(
        (update: Tensor, sum: Tensor) => where(first, update, add(mul(sum, at(decay, sum)), mul(update, at(oneMinus(dampening), update)))),
        updates,
        sums,
      )
      return [nesterov ? plus(updates, next, decay) : next, { count: increment(count), trace: next }]
    },
  }),
)
