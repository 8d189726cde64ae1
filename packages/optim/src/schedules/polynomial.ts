import { staticNumber, wholeNumber } from '../fields.ts'
import { defineSchedule } from './define.ts'
import { blend, number, polynomialWeights, progress } from './progress.ts'

/** Options of a transition from one value to another. */
export interface LinearOptions {
  /** Value up to `transitionBegin`. */
  readonly initValue: number
  /** Value from `transitionBegin + transitionSteps` on. */
  readonly endValue: number
  /** Length of the transition in steps; 0 keeps `initValue`. */
  readonly transitionSteps: number
  /** First step of the transition; default 0. */
  readonly transitionBegin?: number
}

/** Options of a polynomial transition. */
export interface PolynomialOptions extends LinearOptions {
  /** Exponent, > 0; 1 is linear. */
  readonly power: number
}

/**
 * Goes from one value to another along (1 − progress)^power.
 *
 * value(t) = endValue + (initValue − endValue)·(1 − c/N)^power, with c = t − transitionBegin bounded to [0, N]
 *
 * @example
 * import { polynomial } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * toNumber(polynomial({ initValue: 1, endValue: 0, power: 2, transitionSteps: 4 })(2)) // => 0.25
 */
export const polynomial = defineSchedule<PolynomialOptions>(
  'polynomial',
  {
    initValue: staticNumber({}),
    endValue: staticNumber({}),
    power: staticNumber({ above: 0 }),
    transitionSteps: wholeNumber(0),
    transitionBegin: wholeNumber(0, 0),
  },
  ({ initValue, endValue, power, transitionSteps, transitionBegin }) =>
    (count, dtype) => {
      if (transitionSteps === 0) return number(initValue, dtype)
      return blend(initValue, endValue, ...polynomialWeights(progress(count, transitionBegin, transitionSteps, dtype), power))
    },
)

/**
 * Goes from one value to another in equal steps.
 *
 * @example
 * import { linear } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * toNumber(linear({ initValue: 0, endValue: 1, transitionSteps: 4 })(3)) // => 0.75
 */
export const linear = defineSchedule<LinearOptions>(
  'linear',
  {
    initValue: staticNumber({}),
    endValue: staticNumber({}),
    transitionSteps: wholeNumber(0),
    transitionBegin: wholeNumber(0, 0),
  },
  (options) => polynomial({ ...options, power: 1 }),
)
