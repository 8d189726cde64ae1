import { cast, evaluate, key, uniform } from '@grad-ts/tensor'
import type { Constant, DType, OpName, Shape, Tensor } from '@grad-ts/tensor'

/** One use of an op: what goes in, and how it is applied. */
export interface OpExample {
  readonly name: string
  readonly operands: readonly Constant[]
  readonly apply: (...operands: readonly Tensor[]) => Tensor
  /** Kinks or steps at these operands: the gradient is not compared. */
  readonly forwardOnly?: boolean
}

/** Examples for some ops; a record over `OpName` makes a missing op a compile error. */
export type OpExamples<Op extends OpName = OpName> = { readonly [Name in Op]: readonly OpExample[] }

let drawn = 0

/** Draws operand values, the same in every run. */
export const values = (
  shape: Shape,
  { dtype = 'float32', low = -2, high = 2 }: { dtype?: DType; low?: number; high?: number } = {},
): Constant => {
  drawn += 1
  const float = dtype === 'float64' || dtype === 'float32' ? dtype : 'float32'
  const numbers = uniform(key(drawn), shape, { low, high, dtype: float })
  return evaluate(dtype === 'bool' ? cast(cast(numbers, 'int32'), 'bool') : cast(numbers, dtype)) as Constant
}

export const example = (name: string, operands: readonly Constant[], apply: OpExample['apply'], forwardOnly = false): OpExample => ({
  name,
  operands,
  apply,
  forwardOnly,
})

/** The dtypes in which an op that takes floats is tried. */
export const floats = ['float32', 'float64'] as const

/** The dtypes in which an op that takes any number is tried. */
export const numbers = ['float32', 'float64', 'int32'] as const
