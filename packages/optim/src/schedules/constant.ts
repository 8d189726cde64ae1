import { anyNumber } from '../fields.ts'
import { defineSchedule } from './define.ts'
import type { DefinedSchedule } from './define.ts'
import { number } from './progress.ts'

export const constantOf = defineSchedule<{ readonly value: number }>(
  'constant',
  { value: anyNumber() },
  ({ value }) =>
    (_, dtype) =>
      number(value, dtype),
)

/**
 * The same value in every step.
 *
 * @param value any number
 * @example
 * import { constant } from '@grad-ts/optim'
 * import { toNumber } from '@grad-ts/tensor'
 * toNumber(constant(0.5)(1000)) // => 0.5
 */
export const constant = (value: number): DefinedSchedule => constantOf({ value })
