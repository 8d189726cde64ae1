import { add, cast, div, lessEqual, minimum, mod, mul, sub, where } from '@grad-ts/tensor'
import { choice, flag, staticNumber, wholeNumber } from '../fields.ts'
import { wholePower } from '../numerics/scalars.ts'
import { defineSchedule } from './define.ts'
import { blend, cosineWeights } from './progress.ts'

/** Options of a cosine wave. */
export interface CosineAnnealingOptions {
  /** Value of step 0. */
  readonly initValue: number
  /** Value after half a period; default 0. */
  readonly endValue?: number
  /** Half the period, in steps. */
  readonly transitionSteps: number
}

/**
 * Goes between two values along an endless cosine wave.
 *
 * value(t) = endValue + (initValue − endValue)·½(1 + cos(π·t/transitionSteps))
 *
 * @example
 * import { cosineAnnealing } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * toNumber(cosineAnnealing({ initValue: 1, transitionSteps: 5 })(10)) // => 1
 * @see Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, arXiv:1608.03983
 */
export const cosineAnnealing = defineSchedule<CosineAnnealingOptions>(
  'cosineAnnealing',
  { initValue: staticNumber({}), endValue: staticNumber({}, 0), transitionSteps: wholeNumber(1) },
  ({ initValue, endValue, transitionSteps }) =>
    (count, dtype) => {
      const place = mod(count, 2 * transitionSteps)
      const passed = minimum(place, sub(2 * transitionSteps, place))
      const done = div(cast(passed, dtype), transitionSteps)
      const left = div(cast(sub(transitionSteps, passed), dtype), transitionSteps)
      return blend(initValue, endValue, ...cosineWeights({ done, left }))
    },
)

/** Options of a cyclic schedule. */
export interface CyclicOptions {
  /** Lowest value. */
  readonly baseValue: number
  /** Highest value of the first cycle. */
  readonly maxValue: number
  /** Steps up, ≥ 1; default 2000. */
  readonly stepsUp?: number
  /** Steps down, ≥ 1; default stepsUp. */
  readonly stepsDown?: number | null
  /** triangular keeps the height, triangular2 halves it with each cycle, expRange multiplies it by gamma in each step; default triangular. */
  readonly mode?: 'triangular' | 'triangular2' | 'expRange'
  /** Factor of mode expRange, > 0; default 1. */
  readonly gamma?: number
  /** Start at the highest value and go down first, as momentum does in a cycle; default false. */
  readonly inverse?: boolean
}

/**
 * Goes up and down between two values in straight lines.
 *
 * @example
 * import { cyclic } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * const schedule = cyclic({ baseValue: 0, maxValue: 1, stepsUp: 4, mode: 'triangular2' })
 * toNumber(schedule(4)) // => 1
 * toNumber(schedule(12)) // => 0.5
 * @see Smith, Cyclical Learning Rates for Training Neural Networks, 2015, arXiv:1506.01186
 */
export const cyclic = defineSchedule<CyclicOptions>(
  'cyclic',
  {
    baseValue: staticNumber({}),
    maxValue: staticNumber({}),
    stepsUp: wholeNumber(1, 2000),
    stepsDown: wholeNumber(1, null),
    mode: choice(['triangular', 'triangular2', 'expRange'], 'triangular'),
    gamma: staticNumber({ above: 0 }, 1),
    inverse: flag(false),
  },
  ({ baseValue, maxValue, stepsUp, stepsDown: given, mode, gamma, inverse }) =>
    (count, dtype) => {
      const stepsDown = given ?? stepsUp
      const period = stepsUp + stepsDown
      const place = mod(count, period)
      const rising = div(cast(place, dtype), stepsUp)
      const falling = div(cast(sub(period, place), dtype), stepsDown)
      const height = where(lessEqual(place, stepsUp), rising, falling)
      const shrink =
        mode === 'triangular2' ? wholePower(Math.log(0.5), div(count, period), dtype) : wholePower(Math.log(gamma), count, dtype)
      const scaled = mode === 'triangular' ? height : mul(height, shrink)
      const reach = mul(scaled, maxValue - baseValue)
      return inverse ? sub(maxValue, reach) : add(reach, baseValue)
    },
)
