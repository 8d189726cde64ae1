import { add, and, asTensor, cast, div, greater, greaterEqual, less, maximum, mul, not, sub, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { choice, staticNumber, wholeNumber } from '../fields.ts'

/**
 * How progress of a loss (or score) is judged. Values are averaged over a window; a window improves when its average is better than the
 * best by more than the thresholds. Progress saturates with the `patience`-th window in a row that does not improve (the first window
 * sets the best); then windows are not judged for `cooldown` windows, though the best still follows.
 */
export interface SignalOptions {
  /** Whether smaller or larger values are better; default min. */
  readonly mode?: 'min' | 'max'
  /** Windows without improvement until progress counts as saturated, ≥ 1; default 10. */
  readonly patience?: number
  /** Improvement that counts, relative to the best, ≥ 0; default 1e-4. */
  readonly rtol?: number
  /** Improvement that counts, absolute, ≥ 0; default 0. */
  readonly atol?: number
  /** Windows to wait after saturation, ≥ 0; default 0. */
  readonly cooldown?: number
  /** Values that are averaged into one, ≥ 1; default 1. */
  readonly window?: number
}

export const signalFields = {
  mode: choice(['min', 'max'], 'min'),
  patience: wholeNumber(1, 10),
  rtol: staticNumber({ low: 0 }, 1e-4),
  atol: staticNumber({ low: 0 }, 0),
  cooldown: wholeNumber(0, 0),
  window: wholeNumber(1, 1),
} as const

/** The best average, windows without improvement, windows of cooldown left, values in this window and their average. */
export type SignalState = {
  readonly best: Tensor
  readonly bad: Tensor
  readonly cooldown: Tensor
  readonly count: Tensor
  readonly average: Tensor
}

/** What one value says. */
export interface SignalReading {
  readonly state: SignalState
  /** A window was completed with this value; bool `[]`. */
  readonly complete: Tensor
  /** The completed window was better than the best; bool `[]`. */
  readonly improved: Tensor
  /** Progress saturated with this value; bool `[]`. */
  readonly saturated: Tensor
}

const zero = (): Tensor => asTensor(0, 'int32')

export const initSignal = ({ mode }: Required<SignalOptions>, dtype: 'float32' | 'float64'): SignalState => ({
  best: asTensor(mode === 'min' ? Infinity : -Infinity, dtype),
  bad: zero(),
  cooldown: zero(),
  count: zero(),
  average: asTensor(0, dtype),
})

const better = ({ mode, rtol, atol }: Required<SignalOptions>, value: Tensor, best: Tensor): Tensor =>
  mode === 'min' ? less(value, sub(mul(best, 1 - rtol), atol)) : greater(value, add(mul(best, 1 + rtol), atol))

/** Takes one value of the loss. */
export const readSignal = (options: Required<SignalOptions>, state: SignalState, value: Tensor): SignalReading => {
  const dtype = state.best.dtype
  const count = add(state.count, 1)
  const sum = add(mul(cast(state.count, dtype), state.average), cast(value, dtype))
  const average = div(sum, cast(count, dtype))
  const complete = greaterEqual(count, options.window)
  const improved = and(complete, better(options, average, state.best))
  const bad = where(improved, 0, add(state.bad, 1))
  const cooling = greater(state.cooldown, 0)
  const saturated = and(and(complete, not(cooling)), greaterEqual(bad, options.patience))
  const whenComplete = (fresh: Tensor, old: Tensor) => where(complete, fresh, old)
  return {
    state: {
      best: where(improved, average, state.best),
      bad: whenComplete(where(cooling, 0, where(saturated, 0, bad)), state.bad),
      cooldown: whenComplete(
        where(cooling, maximum(sub(state.cooldown, 1), 0), where(saturated, options.cooldown, zero())),
        state.cooldown,
      ),
      count: where(complete, 0, count),
      average: where(complete, 0, average),
    },
    complete,
    improved,
    saturated,
  }
}
