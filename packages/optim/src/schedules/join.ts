import { less, maximum, sub, where } from '@grad-ts/tensor'
import { SpecError } from '../errors.ts'
import { schedules, value } from '../fields.ts'
import type { Schedule } from '../transformation.ts'
import { defineSchedule } from './define.ts'
import type { DefinedSchedule } from './define.ts'

const increasing = (candidate: unknown): boolean =>
  Array.isArray(candidate) && candidate.every((each, i) => Number.isInteger(each) && (i === 0 || each >= candidate[i - 1]))

export const joinOf = defineSchedule<{ readonly schedules: readonly Schedule[]; readonly boundaries: readonly number[] }>(
  'join',
  { schedules: schedules(), boundaries: value('rising whole numbers', increasing) },
  ({ schedules: parts, boundaries }) => {
    if (boundaries.length !== parts.length - 1)
      throw new SpecError('join.boundaries', `${parts.length - 1} boundaries for ${parts.length} schedules`, `${boundaries.length}`)
    return (count, dtype) =>
      boundaries.reduce(
        (joined, boundary, i) => where(less(count, boundary), joined, (parts[i + 1] as Schedule)(maximum(sub(count, boundary), 0), dtype)),
        (parts[0] as Schedule)(count, dtype),
      )
  },
)

/**
 * Runs schedules one after another; each counts from its own start.
 *
 * @param schedules one more than boundaries
 * @param boundaries first step of the second, third, … schedule
 * @example
 * import { constant, join, linear } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * const warmup = join([linear({ initValue: 0, endValue: 1, transitionSteps: 4 }), constant(1)], [4])
 * toNumber(warmup(2)) // => 0.5
 * toNumber(warmup(9)) // => 1
 */
export const join = (schedules: readonly Schedule[], boundaries: readonly number[]): DefinedSchedule => joinOf({ schedules, boundaries })
