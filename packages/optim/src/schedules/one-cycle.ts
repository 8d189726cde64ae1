import { cast, clamp, div, greater, sub, where } from '@grad-ts/tensor'
import { choice, flag, staticNumber, wholeNumber } from '../fields.ts'
import { defineSchedule } from './define.ts'
import { blend, cosineWeights } from './progress.ts'

/** Options of the one-cycle schedule in PyTorch's form. */
export interface OneCycleOptions {
  /** Value of step 0. */
  readonly initValue: number
  /** Highest value. */
  readonly peakValue: number
  /** Value of the last step. */
  readonly endValue: number
  /** Length of the cycle in steps; its last step is totalSteps − 1. */
  readonly totalSteps: number
  /** Part of the cycle in which the value goes to the peak; default 0.3. */
  readonly pctStart?: number
  /** Half cosine waves or straight lines; default cosine. */
  readonly interpolation?: 'cosine' | 'linear'
  /** Go back to initValue as long as it took to rise, then to endValue; default false. */
  readonly threePhase?: boolean
}

/**
 * Goes to a peak and on to an end value, as PyTorch's `OneCycleLR` does; with other numbers also for momentum.
 *
 * @example
 * import { oneCycle } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * toNumber(oneCycle({ initValue: 0, peakValue: 1, endValue: 0, totalSteps: 11, pctStart: 0.5 })(10)) // => 0
 * @see Smith and Topin, Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates, 2017, arXiv:1708.07120
 */
export const oneCycle = defineSchedule<OneCycleOptions>(
  'oneCycle',
  {
    initValue: staticNumber({}),
    peakValue: staticNumber({}),
    endValue: staticNumber({}),
    totalSteps: wholeNumber(2),
    pctStart: staticNumber({ low: 0, high: 1 }, 0.3),
    interpolation: choice(['cosine', 'linear'], 'cosine'),
    threePhase: flag(false),
  },
  ({ initValue, peakValue, endValue, totalSteps, pctStart, interpolation, threePhase }) =>
    (count, dtype) => {
      const top = pctStart * totalSteps - 1
      const stops = threePhase
        ? [
            [top, peakValue],
            [2 * top, initValue],
            [totalSteps - 1, endValue],
          ]
        : [
            [top, peakValue],
            [totalSteps - 1, endValue],
          ]
      const t = cast(count, dtype)
      const pieces = stops.map(([stop, value], i) => {
        const [from, start] = i === 0 ? [0, initValue] : (stops[i - 1] as [number, number])
        const length = (stop as number) - (from as number)
        const bounded = clamp(t, from as number, Math.max(stop as number, from as number))
        const progress = { done: div(sub(bounded, from as number), length), left: div(sub(stop as number, bounded), length) }
        return blend(
          start as number,
          value as number,
          ...(interpolation === 'cosine' ? cosineWeights(progress) : ([progress.left, progress.done] as const)),
        )
      })
      return pieces.reduceRight((later, piece, i) => where(greater(t, (stops[i] as [number, number])[0]), later, piece))
    },
)
