import { add, cast, div, less, mul, sqrt, where } from '@grad-ts/tensor'
import { staticNumber, wholeNumber } from '../fields.ts'
import { defineSchedule } from './define.ts'
import { number, since } from './progress.ts'

/** Options of inverse square root decay. */
export interface InverseSquareRootOptions {
  /** Highest value, at the end of the warm-up. */
  readonly peakValue: number
  /** Steps of linear warm-up from 0; default 0. */
  readonly warmupSteps?: number
  /** Steps after which the value has fallen to peakValue/√2; default warmupSteps, or 10 000 without warm-up. */
  readonly timescale?: number | null
}

/**
 * Rises linearly, then falls with the square root of the steps.
 *
 * value(t) = peakValue/√((t − warmupSteps + timescale)/timescale)
 *
 * @example
 * import { inverseSquareRoot } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * toNumber(inverseSquareRoot({ peakValue: 1, warmupSteps: 10 })(40)) // => 0.5
 * @see Vaswani et al., Attention Is All You Need, 2017, arXiv:1706.03762
 */
export const inverseSquareRoot = defineSchedule<InverseSquareRootOptions>(
  'inverseSquareRoot',
  { peakValue: staticNumber({}), warmupSteps: wholeNumber(0, 0), timescale: wholeNumber(1, null) },
  ({ peakValue, warmupSteps, timescale }) =>
    (count, dtype) => {
      const scale = timescale ?? (warmupSteps || 10_000)
      const shifted = div(cast(add(since(count, warmupSteps), scale), dtype), scale)
      const falling = div(number(peakValue, dtype), sqrt(shifted))
      if (warmupSteps === 0) return falling
      return where(less(count, warmupSteps), mul(div(cast(count, dtype), warmupSteps), peakValue), falling)
    },
)
