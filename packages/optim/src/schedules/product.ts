import { mul } from '@grad-ts/tensor'
import { schedules } from '../fields.ts'
import type { Schedule } from '../transformation.ts'
import { defineSchedule } from './define.ts'
import type { DefinedSchedule } from './define.ts'

export const productOf = defineSchedule<{ readonly schedules: readonly Schedule[] }>(
  'product',
  { schedules: schedules() },
  ({ schedules: parts }) =>
    (count, dtype) =>
      parts.map((part) => part(count, dtype)).reduce((result, factor) => mul(result, factor)),
)

/**
 * Multiplies schedules.
 *
 * @example
 * import { constant, linear, product } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * toNumber(product([constant(4), linear({ initValue: 0, endValue: 1, transitionSteps: 4 })])(1)) // => 1
 */
export const product = (schedules: readonly Schedule[]): DefinedSchedule => productOf({ schedules })
