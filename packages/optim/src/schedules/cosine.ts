import { add, mul, pow } from '@grad-ts/tensor'
import { staticNumber, wholeNumber } from '../fields.ts'
import { defineSchedule } from './define.ts'
import { blend, cosineWeights, progress } from './progress.ts'

/** Options of cosine decay. */
export interface CosineDecayOptions {
  /** Value up to `transitionBegin`. */
  readonly initValue: number
  /** Length of the decay in steps. */
  readonly transitionSteps: number
  /** Value after the decay; default 0. */
  readonly endValue?: number
  /** Exponent of the cosine factor, > 0; default 1. */
  readonly exponent?: number
  /** First step of the decay; default 0. */
  readonly transitionBegin?: number
}

/**
 * Goes from one value to another along half a cosine wave.
 *
 * value(t) = endValue + (initValue − endValue)·(½(1 + cos(π·c/N)))^exponent, with c = t − transitionBegin bounded to [0, N]
 *
 * @example
 * import { cosineDecay } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * toNumber(cosineDecay({ initValue: 1, transitionSteps: 10 })(5)) // => 0.5
 * @see Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, arXiv:1608.03983
 */
export const cosineDecay = defineSchedule<CosineDecayOptions>(
  'cosineDecay',
  {
    initValue: staticNumber({}),
    transitionSteps: wholeNumber(1),
    endValue: staticNumber({}, 0),
    exponent: staticNumber({ above: 0 }, 1),
    transitionBegin: wholeNumber(0, 0),
  },
  ({ initValue, transitionSteps, endValue, exponent, transitionBegin }) =>
    (count, dtype) => {
      const [weight, complement] = cosineWeights(progress(count, transitionBegin, transitionSteps, dtype))
      if (exponent === 1) return blend(initValue, endValue, weight, complement)
      return add(mul(pow(weight, exponent), initValue - endValue), endValue)
    },
)
