import { add, cast, clamp, div, gather, greater, less, lessEqual, minimum, mod, mul, sqrt, sub, sum, tensor, where } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import { choice, flag, staticNumber, wholeNumber } from '../fields.ts'
import { wholePower } from '../numerics/scalars.ts'
import { defineSchedule } from './define.ts'
import { blend, cosineWeights, number, since } from './progress.ts'
import type { Progress } from './progress.ts'

const parts = (passed: Tensor, length: number | Tensor, dtype: FloatDType): Progress => {
  const whole = typeof length === 'number' ? length : cast(length, dtype)
  return { done: div(cast(passed, dtype), whole), left: div(cast(sub(length, passed), dtype), whole) }
}

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
      return blend(initValue, endValue, ...cosineWeights(parts(passed, transitionSteps, dtype)))
    },
)

/** Options of cosine decay with restarts. */
export interface WarmRestartsOptions {
  /** Value at the start of the first cycle. */
  readonly initValue: number
  /** Value at the end of each cycle; default 0. */
  readonly endValue?: number
  /** Length of the first cycle in steps. */
  readonly transitionSteps: number
  /** Each cycle is this many times as long as the one before, a whole number ≥ 1; default 1. */
  readonly stepsFactor?: number
  /** The starting value of each cycle is this many times that of the one before, > 0; default 1. */
  readonly valueFactor?: number
}

/** Starts of all cycles that begin within the range of the count. */
const cycleStarts = (first: number, factor: number): { starts: number[]; lengths: number[] } => {
  const [starts, lengths] = [[0], [first]]
  while ((starts.at(-1) as number) + (lengths.at(-1) as number) < 2 ** 31 - 1) {
    starts.push((starts.at(-1) as number) + (lengths.at(-1) as number))
    lengths.push(Math.min((lengths.at(-1) as number) * factor, 2 ** 31 - 1))
  }
  return { starts, lengths }
}

interface Cycle {
  readonly index: Tensor
  readonly progress: Progress
}

const cycleAt = (count: Tensor, first: number, factor: number, dtype: FloatDType): Cycle => {
  if (factor === 1) return { index: div(count, first), progress: parts(mod(count, first), first, dtype) }
  const { starts, lengths } = cycleStarts(first, factor)
  const begun = lessEqual(tensor(Int32Array.from(starts)), count)
  const index = sub(sum(cast(begun, 'int32')), 1)
  const passed = sub(count, gather(tensor(Int32Array.from(starts)), index))
  return { index, progress: parts(passed, gather(tensor(Int32Array.from(lengths)), index), dtype) }
}

/**
 * Cosine decay that starts again at the end of each cycle; cycles may grow and their starting values shrink.
 *
 * @example
 * import { warmRestarts } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * const schedule = warmRestarts({ initValue: 1, transitionSteps: 4, stepsFactor: 2 })
 * toNumber(schedule(2)) // => 0.5
 * toNumber(schedule(4)) // => 1
 * toNumber(schedule(8)) // => 0.5
 * @see Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, arXiv:1608.03983
 */
export const warmRestarts = defineSchedule<WarmRestartsOptions>(
  'warmRestarts',
  {
    initValue: staticNumber({}),
    endValue: staticNumber({}, 0),
    transitionSteps: wholeNumber(1),
    stepsFactor: wholeNumber(1, 1),
    valueFactor: staticNumber({ above: 0 }, 1),
  },
  ({ initValue, endValue, transitionSteps, stepsFactor, valueFactor }) =>
    (count, dtype) => {
      const { index, progress } = cycleAt(count, transitionSteps, stepsFactor, dtype)
      const [weight, complement] = cosineWeights(progress)
      if (valueFactor === 1) return blend(initValue, endValue, weight, complement)
      const peak = mul(wholePower(Math.log(valueFactor), index, dtype), initValue)
      return add(mul(peak, weight), mul(complement, endValue))
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
