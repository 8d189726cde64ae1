import { add, cast, div, gather, greaterEqual, mod, mul, sin, square, sub, sum, tensor } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import { staticNumber, wholeNumber } from '../fields.ts'
import { wholePower } from '../numerics/scalars.ts'
import { defineSchedule } from './define.ts'

/** Options of cosine decay with restarts. */
export interface WarmRestartsOptions {
  /** Value at the start of the first cycle. */
  readonly initValue: number
  /** Value at the end of each cycle; default 0. */
  readonly endValue?: number
  /** Length of the first cycle in steps. */
  readonly transitionSteps: number
  /** Each cycle is this many times as long as the one before, ≥ 1; default 1. */
  readonly stepsFactor?: number
  /** Each cycle starts this many times as high above `endValue` as the one before, > 0; default 1. */
  readonly valueFactor?: number
}

/** Where a step lies: the number of its cycle, the steps left in it, and its length. */
interface Position {
  readonly cycle: Tensor
  readonly left: Tensor
  readonly length: Tensor | number
}

const inEqualCycles = (count: Tensor, steps: number, dtype: FloatDType): Position => ({
  cycle: div(count, steps),
  left: cast(sub(steps, mod(count, steps)), dtype),
  length: steps,
})

const largestCount = 2 ** 31 - 1

/** Ends of all cycles that begin within the range of the count. */
const cycleEnds = (steps: number, factor: number): number[] => {
  const ends = [steps]
  for (let length = steps * factor; (ends.at(-1) as number) < largestCount; length *= factor) ends.push((ends.at(-1) as number) + length)
  return ends
}

// Ends are split into a whole and a broken part, so that the steps left are exact in float32.
const inGrowingCycles = (count: Tensor, steps: number, factor: number, dtype: FloatDType): Position => {
  const ends = cycleEnds(steps, factor)
  const wholes = ends.map((end) => Math.min(Math.ceil(end), largestCount))
  const cycle = sum(cast(greaterEqual(count, tensor(Int32Array.from(wholes.slice(0, -1)))), 'int32'))
  const read = (numbers: readonly number[]): Tensor => gather(tensor(numbers, { dtype }), cycle)
  const left = sub(
    cast(sub(gather(tensor(Int32Array.from(wholes)), cycle), count), dtype),
    read(ends.map((end, i) => (wholes[i] as number) - end)),
  )
  return { cycle, left, length: read(ends.map((_, i) => steps * factor ** i)) }
}

/**
 * Cosine decay that starts again at the end of each cycle; cycles may grow and their starting values shrink.
 *
 * value(t) = endValue + (initValue − endValue)·valueFactorⁱ·½(1 + cos(π·c)), c = part of cycle i that is done
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
    stepsFactor: staticNumber({ low: 1 }, 1),
    valueFactor: staticNumber({ above: 0 }, 1),
  },
  ({ initValue, endValue, transitionSteps, stepsFactor, valueFactor }) =>
    (count, dtype) => {
      const { cycle, left, length } =
        stepsFactor === 1 ? inEqualCycles(count, transitionSteps, dtype) : inGrowingCycles(count, transitionSteps, stepsFactor, dtype)
      const weight = square(sin(mul(div(left, length), Math.PI / 2)))
      const height = valueFactor === 1 ? weight : mul(weight, wholePower(Math.log(valueFactor), cycle, dtype))
      return add(mul(height, initValue - endValue), endValue)
    },
)
