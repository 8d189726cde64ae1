import { div, maximum, minimum, mul } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import { flag, staticNumber, wholeNumber } from '../fields.ts'
import { wholePower } from '../numerics/scalars.ts'
import { defineSchedule } from './define.ts'
import { number, since } from './progress.ts'

/** Options of exponential decay. */
export interface ExponentialDecayOptions {
  /** Value up to `transitionBegin`. */
  readonly initValue: number
  /** Steps in which the value is multiplied by `decayRate` once; 0 keeps `initValue`. */
  readonly transitionSteps: number
  /** Factor, ≥ 0; above 1 the value grows; 0 keeps `initValue`. */
  readonly decayRate: number
  /** First step of the decay; default 0. */
  readonly transitionBegin?: number
  /** Change only every `transitionSteps` steps; default false. */
  readonly staircase?: boolean
  /** Bound that the value does not pass: a floor when `decayRate` < 1, else a ceiling; default none. */
  readonly endValue?: number | null
}

/** rate^(t / steps), or rate^⌊t / steps⌋, from whole numbers. */
const decayed = (rate: number, steps: number, staircase: boolean, t: Tensor, dtype: FloatDType): Tensor =>
  staircase ? wholePower(Math.log(rate), div(t, steps), dtype) : wholePower(Math.log(rate) / steps, t, dtype)

/**
 * Multiplies by a rate every so many steps, smoothly or in stairs.
 *
 * value(t) = initValue · decayRate^q, q = (t − transitionBegin) / transitionSteps, rounded down for a staircase
 *
 * @example
 * import { exponentialDecay } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * toNumber(exponentialDecay({ initValue: 1, transitionSteps: 4, decayRate: 0.5, staircase: true })(9)) // => 0.25
 */
export const exponentialDecay = defineSchedule<ExponentialDecayOptions>(
  'exponentialDecay',
  {
    initValue: staticNumber({}),
    transitionSteps: wholeNumber(0),
    decayRate: staticNumber({ low: 0 }),
    transitionBegin: wholeNumber(0, 0),
    staircase: flag(false),
    endValue: staticNumber({}, null),
  },
  ({ initValue, transitionSteps, decayRate, transitionBegin, staircase, endValue }) =>
    (count, dtype) => {
      if (transitionSteps === 0 || decayRate === 0) return number(initValue, dtype)
      const value = mul(decayed(decayRate, transitionSteps, staircase, since(count, transitionBegin), dtype), initValue)
      if (endValue === null) return value
      return decayRate < 1 ? maximum(value, endValue) : minimum(value, endValue)
    },
)
