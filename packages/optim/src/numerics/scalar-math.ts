import { add, asTensor, cast, div, isTensor, mul, neg, sqrt, sub } from '@grad-ts/tensor'
import type { DType, Tensor } from '@grad-ts/tensor'
import type { Scalar } from '../transformation.ts'

const lift =
  (plain: (a: number, b: number) => number, symbolic: (a: Scalar, b: Scalar) => Tensor) =>
  (a: Scalar, b: Scalar): Scalar =>
    typeof a === 'number' && typeof b === 'number' ? plain(a, b) : symbolic(a, b)

/** Arithmetic on numbers and scalar tensors; numbers stay numbers, so constants are folded in float64. */
export const plus = lift((a, b) => a + b, add)
export const minus = lift((a, b) => a - b, sub)
export const times = lift((a, b) => a * b, mul)
export const over = lift((a, b) => a / b, div)
export const negative = (a: Scalar): Scalar => (isTensor(a) ? neg(a) : -a)
export const root = (a: Scalar): Scalar => (isTensor(a) ? sqrt(a) : Math.sqrt(a))

/** A scalar as a tensor `[]` of a dtype. */
export const asScalar = (value: Scalar, dtype: DType): Tensor => (isTensor(value) ? cast(value, dtype) : asTensor(value, dtype))
