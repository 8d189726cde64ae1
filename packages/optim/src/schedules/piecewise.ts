import { cast, div, less, sub, where } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import { choice, staticNumber, value } from '../fields.ts'
import { defineSchedule } from './define.ts'
import { blend, cosineWeights, number } from './progress.ts'
import type { Progress } from './progress.ts'

/** Factors by the step from which they hold, such as `{ 100: 0.5, 200: 0.1 }`. */
export type StepFactors = Readonly<Record<number, number>>

/** Options of a stairway. */
export interface PiecewiseConstantOptions {
  /** Value before the first step named. */
  readonly initValue: number
  /** Factors ≥ 0 by the step from which they hold; they multiply. */
  readonly factors: StepFactors
}

const isFactors = (candidate: unknown): boolean =>
  typeof candidate === 'object' &&
  candidate !== null &&
  !Array.isArray(candidate) &&
  Object.entries(candidate).every(
    ([step, factor]) => Number.isInteger(Number(step)) && Number(step) >= 0 && typeof factor === 'number' && factor >= 0,
  )

const factorsField = value('a record of factors ≥ 0 by step', isFactors)

const sorted = (factors: StepFactors): (readonly [number, number])[] =>
  Object.entries(factors)
    .map(([step, factor]) => [Number(step), factor] as const)
    .sort(([a], [b]) => a - b)

/**
 * Multiplies by a factor at each of some steps and stays between them.
 *
 * @example
 * import { piecewiseConstant } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * const schedule = piecewiseConstant({ initValue: 1, factors: { 4: 0.5, 8: 0.5 } })
 * toNumber(schedule(3)) // => 1
 * toNumber(schedule(8)) // => 0.25
 */
export const piecewiseConstant = defineSchedule<PiecewiseConstantOptions>(
  'piecewiseConstant',
  { initValue: staticNumber({}), factors: factorsField },
  ({ initValue, factors }) =>
    (count, dtype) => {
      let value = initValue
      return sorted(factors).reduce(
        (result, [step, factor]) => {
          value *= factor
          return where(less(count, step), result, number(value, dtype))
        },
        number(initValue, dtype),
      )
    },
)

/** Options of an interpolated path. */
export interface PiecewiseInterpolateOptions extends PiecewiseConstantOptions {
  /** Straight lines or half cosine waves between the steps; default linear. */
  readonly interpolation?: 'linear' | 'cosine'
}

const part = (count: Tensor, from: number, to: number, dtype: FloatDType): Progress => ({
  done: div(cast(sub(count, from), dtype), to - from),
  left: div(cast(sub(to, count), dtype), to - from),
})

/**
 * Goes through the values that factors give at each of some steps, interpolating between them.
 *
 * @example
 * import { piecewiseInterpolate } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * toNumber(piecewiseInterpolate({ initValue: 1, factors: { 4: 0.5 } })(2)) // => 0.75
 */
export const piecewiseInterpolate = defineSchedule<PiecewiseInterpolateOptions>(
  'piecewiseInterpolate',
  { initValue: staticNumber({}), factors: factorsField, interpolation: choice(['linear', 'cosine'], 'linear') },
  ({ initValue, factors, interpolation }) =>
    (count, dtype) => {
      const stops = sorted(factors)
      const values = stops.reduce<number[]>((list, [, factor]) => [...list, (list.at(-1) as number) * factor], [initValue])
      const pieces = stops.map(([step], i) => {
        const from = stops[i - 1]?.[0] ?? 0
        const [start, end] = [values[i] as number, values[i + 1] as number]
        if (step === from) return number(start, dtype)
        const progress = part(count, from, step, dtype)
        return blend(start, end, ...(interpolation === 'cosine' ? cosineWeights(progress) : ([progress.left, progress.done] as const)))
      })
      return stops.reduceRight(
        (result, [step], i) => where(less(count, step), pieces[i] as Tensor, result),
        number(values.at(-1) as number, dtype),
      )
    },
)

/** Options of a one-cycle schedule in optax' form. */
export interface CosineOneCycleOptions {
  /** Length of the cycle in steps, ≥ 1. */
  readonly transitionSteps: number
  /** Highest value. */
  readonly peakValue: number
  /** Part of the cycle in which the value rises, in [0, 1]; default 0.3. */
  readonly pctStart?: number
  /** The value starts at the peak divided by this; default 25. */
  readonly divFactor?: number
  /** The value ends at its start divided by this; default 1e4. */
  readonly finalDivFactor?: number
}

/** Options of the linear one-cycle schedule. */
export interface LinearOneCycleOptions extends CosineOneCycleOptions {
  /** Part of the cycle after which the value is back at its start, in [0, 1]; default 0.85. */
  readonly pctFinal?: number
}

const cycleFields = {
  transitionSteps: staticNumber({ integer: true, low: 1 }),
  peakValue: staticNumber({}),
  pctStart: staticNumber({ low: 0, high: 1 }, 0.3),
  divFactor: staticNumber({ above: 0 }, 25),
  finalDivFactor: staticNumber({ above: 0 }, 1e4),
} as const

/**
 * Rises to a peak, falls back in a straight line, and falls on to nearly nothing.
 *
 * @example
 * import { linearOneCycle } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * toNumber(linearOneCycle({ transitionSteps: 10, peakValue: 1 })(3)) // => 1
 * @see Smith and Topin, Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates, 2017, arXiv:1708.07120
 */
export const linearOneCycle = defineSchedule<LinearOneCycleOptions>(
  'linearOneCycle',
  { ...cycleFields, pctFinal: staticNumber({ low: 0, high: 1 }, 0.85) },
  ({ transitionSteps, peakValue, pctStart, pctFinal, divFactor, finalDivFactor }) =>
    piecewiseInterpolate({
      initValue: peakValue / divFactor,
      factors: {
        [Math.trunc(pctStart * transitionSteps)]: divFactor,
        [Math.trunc(pctFinal * transitionSteps)]: 1 / divFactor,
        [transitionSteps]: 1 / finalDivFactor,
      },
    }),
)

/**
 * Rises to a peak and falls to nearly nothing, along half cosine waves.
 *
 * @example
 * import { cosineOneCycle } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * toNumber(cosineOneCycle({ transitionSteps: 10, peakValue: 1 })(3)) // => 1
 * @see Smith and Topin, Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates, 2017, arXiv:1708.07120
 */
export const cosineOneCycle = defineSchedule<CosineOneCycleOptions>(
  'cosineOneCycle',
  cycleFields,
  ({ transitionSteps, peakValue, pctStart, divFactor, finalDivFactor }) =>
    piecewiseInterpolate({
      interpolation: 'cosine',
      initValue: peakValue / divFactor,
      factors: { [Math.trunc(pctStart * transitionSteps)]: divFactor, [transitionSteps]: 1 / (divFactor * finalDivFactor) },
    }),
)
