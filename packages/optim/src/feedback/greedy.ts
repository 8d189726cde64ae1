import { add, and, asTensor, greaterEqual, maximum, minimum, mul, or, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { define, floatDType } from '../define.ts'
import { staticNumber, wholeNumber } from '../fields.ts'
import { scaleBy, valueOf } from '../transforms/stateless.ts'
import { initSignal, readSignal, signalFields } from './signal.ts'
import type { SignalOptions, SignalState } from './signal.ts'

/** The factor of the updates, windows of improvement in a row, and the state of the signal. */
export type GreedyScaleState = { readonly scale: Tensor; readonly good: Tensor; readonly signal: SignalState }

/** Options of greedy raising and lowering. */
export interface GreedyScaleOptions extends SignalOptions {
  /** Factor when progress saturates; its inverse when it goes on; in (0, 1); default 0.95. */
  readonly factor?: number
  /** Windows of improvement in a row until the scale is raised, ≥ 1; default 10. */
  readonly raisePatience?: number
  /** Smallest factor of the updates; default 0.001. */
  readonly minScale?: number
  /** Largest factor of the updates; default 10. */
  readonly maxScale?: number
}

/**
 * Multiplies the updates by a scale that is raised while the loss improves and lowered when it stops.
 *
 * @throws {ContextError} when the context has no value
 * @example
 * import { greedyScale } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = greedyScale({ factor: 0.5, raisePatience: 1 })
 * toArray(rule.update(tensor([4]), rule.init(tensor([0])), { value: tensor(1) })[0] as Tensor) // => [8]
 * @see Subramanian et al., Zeroth-Order GreedyLR: An Adaptive Learning Rate Scheduler, 2025
 */
export const greedyScale = define<GreedyScaleOptions, GreedyScaleState>(
  'greedyScale',
  {
    factor: staticNumber({ above: 0, below: 1 }, 0.95),
    raisePatience: wholeNumber(1, 10),
    ...signalFields,
    minScale: staticNumber({ low: 0 }, 0.001),
    maxScale: staticNumber({ above: 0 }, 10),
  },
  ({ factor, raisePatience, minScale, maxScale, ...options }) => ({
    init: (params) => {
      const dtype = floatDType(params)
      return { scale: asTensor(1, dtype), good: asTensor(0, 'int32'), signal: initSignal(options, dtype) }
    },
    update: (updates, state, context) => {
      const { state: signal, complete, improved, saturated } = readSignal(options, state.signal, valueOf('greedyScale', context))
      const good = where(improved, add(state.good, 1), where(complete, 0, state.good))
      const raise = and(improved, greaterEqual(good, raisePatience))
      const lowered = where(saturated, maximum(mul(state.scale, factor), minScale), state.scale)
      const scale = where(raise, minimum(mul(state.scale, 1 / factor), maxScale), lowered)
      return [scaleBy(updates, scale), { scale, good: where(or(raise, saturated), 0, good), signal }]
    },
  }),
)
