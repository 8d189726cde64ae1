import { asTensor, greater, maximum, mul, sub, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { define, floatDType } from '../define.ts'
import { staticNumber } from '../fields.ts'
import { scaleBy, valueOf } from '../transforms/stateless.ts'
import { initSignal, readSignal, signalFields } from './signal.ts'
import type { SignalOptions, SignalState } from './signal.ts'

/** The factor of the updates and the state of the signal. */
export type ReduceOnPlateauState = { readonly scale: Tensor; readonly signal: SignalState }

/** Options of reduction on a plateau. */
export interface ReduceOnPlateauOptions extends SignalOptions {
  /** Factor when progress saturates, in (0, 1); default 0.1. */
  readonly factor?: number
  /** Smallest factor of the updates; default 0. */
  readonly minScale?: number
  /** Smallest change of the factor that is made; default 0. */
  readonly minChange?: number
}

/**
 * Multiplies the updates by a scale that shrinks each time the loss stops to improve. Goes after the optimizer.
 *
 * scale ← max(scale·factor, minScale) when the signal saturates; u = scale·g, already in this step
 *
 * @throws {ContextError} when the context has no value
 * @example
 * import { reduceOnPlateau } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = reduceOnPlateau({ factor: 0.5, patience: 1 })
 * const value = tensor(1)
 * const [, state] = rule.update(tensor([4]), rule.init(tensor([0])), { value })
 * toArray(rule.update(tensor([4]), state, { value })[0] as Tensor) // => [2]
 */
export const reduceOnPlateau = define<ReduceOnPlateauOptions, ReduceOnPlateauState>(
  'reduceOnPlateau',
  {
    factor: staticNumber({ above: 0, below: 1 }, 0.1),
    ...signalFields,
    minScale: staticNumber({ low: 0 }, 0),
    minChange: staticNumber({ low: 0 }, 0),
  },
  ({ factor, minScale, minChange, ...options }) => ({
    init: (params) => ({ scale: asTensor(1, floatDType(params)), signal: initSignal(options, floatDType(params)) }),
    update: (updates, state, context) => {
      const { state: signal, saturated } = readSignal(options, state.signal, valueOf('reduceOnPlateau', context))
      const reduced = maximum(mul(state.scale, factor), minScale)
      const changed = where(greater(sub(state.scale, reduced), minChange), reduced, state.scale)
      const scale = where(saturated, changed, state.scale)
      return [scaleBy(updates, scale), { scale, signal }]
    },
  }),
)

/** Options of decay by average loss. */
export interface DecayByAverageLossOptions {
  /** Losses that are averaged, ≥ 1. */
  readonly window: number
  /** Factor when an average is not better than the best one, in (0, 1); default 0.5. */
  readonly factor?: number
  /** Smallest factor of the updates; default 0. */
  readonly minScale?: number
}

/**
 * Multiplies the updates by a scale that shrinks whenever the average loss of a window is not better than the best average so far:
 * `reduceOnPlateau` with patience 1.
 *
 * @throws {ContextError} when the context has no value
 * @example
 * import { decayByAverageLoss } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = decayByAverageLoss({ window: 1 })
 * const value = tensor(1)
 * const [, state] = rule.update(tensor([4]), rule.init(tensor([0])), { value })
 * toArray(rule.update(tensor([4]), state, { value })[0] as Tensor) // => [2]
 */
export const decayByAverageLoss = define<DecayByAverageLossOptions, ReduceOnPlateauState>(
  'decayByAverageLoss',
  {
    window: signalFields.window,
    factor: staticNumber({ above: 0, below: 1 }, 0.5),
    minScale: staticNumber({ low: 0 }, 0),
  },
  (options) => reduceOnPlateau({ ...options, patience: 1, rtol: 0 }),
)
