import { add, cast, div, maximum, mul, sub } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import { flag, staticNumber, wholeNumber } from '../fields.ts'
import { defineSchedule } from './define.ts'
import { blend, number, polynomialWeights, progress, since } from './progress.ts'
import type { Progress } from './progress.ts'

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
  /** Whether the transition starts again each time it ends, lower and longer, as if its length were the next multiple; default false. */
  readonly cycle?: boolean
}

/** Progress towards the next multiple of the length; step 0 and every multiple itself belong to the transition that ends there. */
const cyclicProgress = (count: Tensor, begin: number, steps: number, dtype: FloatDType): Progress => {
  const passed = since(count, begin)
  const multiple = maximum(add(div(sub(passed, 1), steps), 1), 1)
  const length = mul(cast(multiple, dtype), steps)
  return { done: div(cast(passed, dtype), length), left: div(cast(sub(mul(multiple, steps), passed), dtype), length) }
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
    cycle: flag(false),
  },
  ({ initValue, endValue, power, transitionSteps, transitionBegin, cycle }) =>
    (count, dtype) => {
      if (transitionSteps === 0) return number(initValue, dtype)
      const position = (cycle ? cyclicProgress : progress)(count, transitionBegin, transitionSteps, dtype)
      return blend(initValue, endValue, ...polynomialWeights(position, power))
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
