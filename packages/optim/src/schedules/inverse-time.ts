import { add, cast, div, mul } from '@grad-ts/tensor'
import { flag, staticNumber, wholeNumber } from '../fields.ts'
import { defineSchedule } from './define.ts'
import { number, since } from './progress.ts'

/** Options of time-based decay. */
export interface InverseTimeDecayOptions {
  /** Value up to `transitionBegin`. */
  readonly initValue: number
  /** Steps in which the denominator grows by `decayRate`. */
  readonly transitionSteps: number
  /** Growth of the denominator, ≥ 0. */
  readonly decayRate: number
  /** First step of the decay; default 0. */
  readonly transitionBegin?: number
  /** Change only every `transitionSteps` steps; default false. */
  readonly staircase?: boolean
}

/**
 * Divides by a linearly growing number (time-based decay).
 *
 * value(t) = initValue / (1 + decayRate·q), q = (t − transitionBegin) / transitionSteps, rounded down for a staircase
 *
 * @example
 * import { inverseTimeDecay } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * toNumber(inverseTimeDecay({ initValue: 1, transitionSteps: 1, decayRate: 0.5 })(2)) // => 0.5
 */
export const inverseTimeDecay = defineSchedule<InverseTimeDecayOptions>(
  'inverseTimeDecay',
  {
    initValue: staticNumber({}),
    transitionSteps: wholeNumber(1),
    decayRate: staticNumber({ low: 0 }),
    transitionBegin: wholeNumber(0, 0),
    staircase: flag(false),
  },
  ({ initValue, transitionSteps, decayRate, transitionBegin, staircase }) =>
    (count, dtype) => {
      const passed = since(count, transitionBegin)
      const q = staircase ? cast(div(passed, transitionSteps), dtype) : div(cast(passed, dtype), transitionSteps)
      return div(number(initValue, dtype), add(mul(q, decayRate), 1))
    },
)
