import { flag, staticNumber, wholeNumber } from '../fields.ts'
import { SpecError } from '../errors.ts'
import { constant } from './constant.ts'
import { cosineDecay } from './cosine.ts'
import { defineSchedule } from './define.ts'
import { exponentialDecay } from './exponential.ts'
import { join } from './join.ts'
import { linear } from './polynomial.ts'

/** Options of a linear warm-up. */
export interface WarmupConstantOptions {
  /** Value of step 0; default 0. */
  readonly initValue?: number
  /** Value after the warm-up. */
  readonly peakValue: number
  /** Length of the warm-up in steps. */
  readonly warmupSteps: number
}

/** Options of a warm-up and a cosine decay. */
export interface WarmupCosineDecayOptions extends WarmupConstantOptions {
  /** Length of warm-up and decay together, in steps. */
  readonly totalSteps: number
  /** Value after the decay; default 0. */
  readonly endValue?: number
  /** Exponent of the cosine factor, > 0; default 1. */
  readonly exponent?: number
}

/** Options of a warm-up and an exponential decay. */
export interface WarmupExponentialDecayOptions extends WarmupConstantOptions {
  /** Steps in which the value is multiplied by `decayRate` once. */
  readonly transitionSteps: number
  /** Factor, ≥ 0. */
  readonly decayRate: number
  /** Steps between the end of the warm-up and the first decay; default 0. */
  readonly transitionBegin?: number
  /** Change only every `transitionSteps` steps; default false. */
  readonly staircase?: boolean
  /** Bound that the value does not pass; default none. */
  readonly endValue?: number | null
}

const warmupFields = { initValue: staticNumber({}, 0), peakValue: staticNumber({}), warmupSteps: wholeNumber(0) } as const

const rise = ({ initValue, peakValue, warmupSteps }: Required<WarmupConstantOptions>) =>
  linear({ initValue, endValue: peakValue, transitionSteps: warmupSteps })

/**
 * Rises linearly to a value and stays there.
 *
 * @example
 * import { warmupConstant } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * toNumber(warmupConstant({ peakValue: 1, warmupSteps: 4 })(1)) // => 0.25
 */
export const warmupConstant = defineSchedule<WarmupConstantOptions>('warmupConstant', warmupFields, (options) =>
  join([rise(options), constant(options.peakValue)], [options.warmupSteps]),
)

/**
 * Rises linearly to a peak, then decays along half a cosine wave.
 *
 * @example
 * import { warmupCosineDecay } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * const schedule = warmupCosineDecay({ peakValue: 1, warmupSteps: 4, totalSteps: 12 })
 * toNumber(schedule(2)) // => 0.5
 * toNumber(schedule(8)) // => 0.5
 */
export const warmupCosineDecay = defineSchedule<WarmupCosineDecayOptions>(
  'warmupCosineDecay',
  { ...warmupFields, totalSteps: wholeNumber(1), endValue: staticNumber({}, 0), exponent: staticNumber({ above: 0 }, 1) },
  ({ totalSteps, endValue, exponent, ...warmup }) => {
    if (totalSteps <= warmup.warmupSteps)
      throw new SpecError('warmupCosineDecay.totalSteps', `more than the ${warmup.warmupSteps} warm-up steps`, `${totalSteps}`)
    const decay = cosineDecay({ initValue: warmup.peakValue, transitionSteps: totalSteps - warmup.warmupSteps, endValue, exponent })
    return join([rise(warmup), decay], [warmup.warmupSteps])
  },
)

/**
 * Rises linearly to a peak, then decays exponentially.
 *
 * @example
 * import { warmupExponentialDecay } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * toNumber(warmupExponentialDecay({ peakValue: 1, warmupSteps: 4, transitionSteps: 2, decayRate: 0.5 })(6)) // => 0.5
 */
export const warmupExponentialDecay = defineSchedule<WarmupExponentialDecayOptions>(
  'warmupExponentialDecay',
  {
    ...warmupFields,
    transitionSteps: wholeNumber(0),
    decayRate: staticNumber({ low: 0 }),
    transitionBegin: wholeNumber(0, 0),
    staircase: flag(false),
    endValue: staticNumber({}, null),
  },
  ({ initValue, peakValue, warmupSteps, ...decay }) =>
    join([rise({ initValue, peakValue, warmupSteps }), exponentialDecay({ ...decay, initValue: peakValue })], [warmupSteps]),
)
