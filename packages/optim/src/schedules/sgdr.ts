import { value } from '../fields.ts'
import { defineSchedule } from './define.ts'
import type { DefinedSchedule } from './define.ts'
import { join } from './join.ts'
import { warmupCosineDecay } from './warmup.ts'
import type { WarmupCosineDecayOptions } from './warmup.ts'

export const sgdrOf = defineSchedule<{ readonly cycles: readonly WarmupCosineDecayOptions[] }>(
  'sgdr',
  { cycles: value('a list of cycles', (candidate) => Array.isArray(candidate) && candidate.length > 0) },
  ({ cycles }) => {
    const ends = cycles.reduce<number[]>((list, { totalSteps }) => [...list, (list.at(-1) ?? 0) + totalSteps], [])
    return join(
      cycles.map((cycle) => warmupCosineDecay(cycle)),
      ends.slice(0, -1),
    )
  },
)

/**
 * Runs cycles of warm-up and cosine decay, each with its own numbers.
 *
 * @example
 * import { sgdr } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * const cycle = { initValue: 0, peakValue: 1, warmupSteps: 2, totalSteps: 6 }
 * toNumber(sgdr([cycle, { ...cycle, peakValue: 0.5 }])(8)) // => 0.5
 * @see Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, arXiv:1608.03983
 */
export const sgdr = (cycles: readonly WarmupCosineDecayOptions[]): DefinedSchedule => sgdrOf({ cycles })
