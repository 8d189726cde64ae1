import { allocate, roundTo } from '@grad-ts/tensor'
import type { DType, TypedArray } from '@grad-ts/tensor'

/** Makes the buffer of a scalar. */
export const bufferFrom = (dtype: DType, value: number): TypedArray => allocate(dtype, 1).fill(roundTo(dtype, value))
