import { add, div, sqrt } from '@grad-ts/tensor'
import { choice, staticNumber, wholeNumber } from '../fields.ts'
import { constant } from './constant.ts'
import { cosineDecay } from './cosine.ts'
import { defineSchedule } from './define.ts'
import { join } from './join.ts'
import { linear } from './polynomial.ts'
import { blend, progress } from './progress.ts'
import type { Schedule } from '../transformation.ts'

/** Options of warm-up, plateau and decay. */
export interface WarmupStableDecayOptions {
  /** Value of step 0; default 0. */
  readonly initValue?: number
  /** Value of the plateau. */
  readonly peakValue: number
  /** Value after the decay; default 0. */
  readonly endValue?: number
  /** Steps of the rise. */
  readonly warmupSteps: number
  /** Steps of the plateau. */
  readonly stableSteps: number
  /** Steps of the decay. */
  readonly decaySteps: number
  /** Shape of the rise; default linear. */
  readonly warmupShape?: 'linear' | 'cosine' | 'oneMinusSqrt'
  /** Shape of the decay; default cosine. */
  readonly decayShape?: 'linear' | 'cosine' | 'oneMinusSqrt'
}

type Shape = 'linear' | 'cosine' | 'oneMinusSqrt'

/** 1 − √progress, without cancellation towards the end. */
const oneMinusSqrt =
  (initValue: number, endValue: number, steps: number): Schedule =>
  (count, dtype = 'float32') => {
    const { done, left } = progress(count, 0, steps, dtype)
    const root = sqrt(done)
    return blend(initValue, endValue, div(left, add(root, 1)), root)
  }

const transition = (shape: Shape, initValue: number, endValue: number, transitionSteps: number): Schedule => {
  if (transitionSteps === 0) return constant(endValue)
  switch (shape) {
    case 'linear':
      return linear({ initValue, endValue, transitionSteps })
    case 'cosine':
      return cosineDecay({ initValue, endValue, transitionSteps })
    case 'oneMinusSqrt':
      return oneMinusSqrt(initValue, endValue, transitionSteps)
  }
}

/**
 * Rises, stays, and decays: the training budget can be decided late, when the decay begins.
 *
 * @example
 * import { warmupStableDecay } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * const schedule = warmupStableDecay({ peakValue: 1, warmupSteps: 2, stableSteps: 4, decaySteps: 4 })
 * toNumber(schedule(1)) // => 0.5
 * toNumber(schedule(5)) // => 1
 * toNumber(schedule(8)) // => 0.5
 * @see Hu et al., MiniCPM: Unveiling the Potential of Small Language Models with Scalable Training Strategies, 2024, arXiv:2404.06395
 */
export const warmupStableDecay = defineSchedule<WarmupStableDecayOptions>(
  'warmupStableDecay',
  {
    initValue: staticNumber({}, 0),
    peakValue: staticNumber({}),
    endValue: staticNumber({}, 0),
    warmupSteps: wholeNumber(0),
    stableSteps: wholeNumber(0),
    decaySteps: wholeNumber(0),
    warmupShape: choice(['linear', 'cosine', 'oneMinusSqrt'], 'linear'),
    decayShape: choice(['linear', 'cosine', 'oneMinusSqrt'], 'cosine'),
  },
  ({ initValue, peakValue, endValue, warmupSteps, stableSteps, decaySteps, warmupShape, decayShape }) =>
    join(
      [
        transition(warmupShape, initValue, peakValue, warmupSteps),
        constant(peakValue),
        transition(decayShape, peakValue, endValue, decaySteps),
      ],
      [warmupSteps, warmupSteps + stableSteps],
    ),
)
