import { allocate, constantOf, sizeOf } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { SettingsError } from '../errors.ts'

/**
 * Fills a sequence up to a length along its first axis.
 *
 * @param sequence `[time, …]`
 * @param length at least as long
 * @param value what to fill with (default 0)
 * @returns `[length, …]`
 * @throws {SettingsError} when the sequence is longer
 * @example
 * import { padTo } from '@grad-ts/trainer'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * toArray(padTo(tensor([1, 2]), 4)) // => [1, 2, 0, 0]
 */
export const padTo = (sequence: Constant, length: number, value = 0): Constant => {
  const [time = 0, ...rest] = sequence.shape
  if (time > length) throw new SettingsError('length', `at least ${time}, the length of the sequence`, String(length))
  const data = allocate(sequence.dtype, length * sizeOf(rest)).fill(value)
  data.set(sequence.attributes.data)
  return constantOf(data, [length, ...rest], sequence.dtype)
}

/**
 * Gives the smallest bucket that a length fits: sequences padded to a few lengths need a few programs only.
 *
 * @param buckets lengths, in any order
 * @throws {SettingsError} when it fits none
 * @example
 * import { bucketOf } from '@grad-ts/trainer'
 * bucketOf(9, [8, 16, 32]) // => 16
 */
export const bucketOf = (length: number, buckets: readonly number[]): number => {
  const fitting = buckets.filter((bucket) => bucket >= length)
  if (fitting.length === 0) throw new SettingsError('buckets', `one of at least ${length}`, buckets.join(', '))
  return Math.min(...fitting)
}
