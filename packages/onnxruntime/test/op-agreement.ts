import { grad } from '@grad-ts/autodiff'
import { compileOrThrow } from '@grad-ts/onnxruntime'
import type { CompileOptions } from '@grad-ts/onnxruntime'
import type { OpExample } from '@grad-ts/testkit'
import { interpret, isFloat, key, mul, sum, uniform } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { expectAgreement } from './agreement.ts'

type Computation = (...operands: readonly Tensor[]) => readonly Tensor[]

/** Expects a compiled computation to give the numbers of the interpreter. */
export const agrees = async (
  fn: Computation,
  operands: readonly Constant[],
  options: CompileOptions,
  tolerance?: number,
): Promise<void> => {
  await using program = await compileOrThrow(fn, operands, options)
  expectAgreement(await program.runOrThrow(...operands), interpret(fn)(...operands), tolerance)
}

export const forwardOf =
  ({ apply }: OpExample): Computation =>
  (...operands) => [apply(...operands)]

/** The gradient of a weighted sum of the result with respect to the operands that are floats. */
export const gradientOf =
  ({ apply }: OpExample): Computation =>
  (...operands) => {
    const floats = operands.filter(({ dtype }) => isFloat(dtype))
    return grad((given: readonly Tensor[]): Tensor => {
      const remaining = given.values()
      const y = apply(...operands.map((operand) => (isFloat(operand.dtype) ? (remaining.next().value as Tensor) : operand)))
      return sum(mul(y, uniform(key(99), y.shape, { dtype: y.dtype as 'float32' })))
    })(floats)
  }

export const differentiable = ({ operands, apply, forwardOnly }: OpExample): boolean =>
  forwardOnly !== true && operands.some(({ dtype }) => isFloat(dtype)) && isFloat(apply(...operands).dtype)
