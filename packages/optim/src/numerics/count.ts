import { add, asTensor, isTensor, minimum, tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'

const largest = 2 ** 31 - 1

/** A step counter at 0: int32 `[]`. */
export const counter = (start = 0): Tensor => tensor(Int32Array.of(start), { shape: [] })

/** Adds 1 to a counter; at the largest int32 it stays instead of wrapping around. */
export const increment = (count: Tensor): Tensor => add(minimum(count, largest - 1), 1)

/** Takes a count as a number or an int32 scalar. */
export const asCount = (count: Tensor | number): Tensor => (isTensor(count) ? count : asTensor(count, 'int32'))
