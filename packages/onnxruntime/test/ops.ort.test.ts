import { describe, expect, test } from 'vitest'
import { compileOrThrow } from '@grad-ts/onnxruntime'
import { grad } from '@grad-ts/autodiff'
import { opExamples } from '@grad-ts/testkit'
import type { OpExample } from '@grad-ts/testkit'
import { expm1, interpret, isFloat, key, log1p, mul, opNames, sum, tensor, uniform } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { expectAgreement } from './agreement.ts'

const agrees = async (fn: (...operands: readonly Tensor[]) => Tensor | readonly Tensor[], operands: readonly Constant[]): Promise<void> => {
  await using program = await compileOrThrow(fn as (...operands: readonly Tensor[]) => readonly Tensor[], operands, { threads: 1 })
  expectAgreement(
    await program.runOrThrow(...operands),
    interpret(fn as (...operands: readonly Tensor[]) => readonly Tensor[])(...operands),
  )
}

/** The gradient of a weighted sum of the result with respect to the operands that are floats. */
const gradientOf =
  ({ apply }: OpExample) =>
  (...operands: readonly Tensor[]): readonly Tensor[] => {
    const floats = operands.filter(({ dtype }) => isFloat(dtype))
    return grad((given: readonly Tensor[]): Tensor => {
      const remaining = given.values()
      const y = apply(...operands.map((operand) => (isFloat(operand.dtype) ? (remaining.next().value as Tensor) : operand)))
      return sum(mul(y, uniform(key(99), y.shape, { dtype: y.dtype as 'float32' })))
    })(floats)
  }

const differentiable = ({ operands, apply, forwardOnly }: OpExample): boolean =>
  forwardOnly !== true && operands.some(({ dtype }) => isFloat(dtype)) && isFloat(apply(...operands).dtype)

describe.each(opNames)('%s', (op) => {
  const examples = opExamples[op]
  test.each(examples.map((example) => [example.name, example] as const))(
    'gives the numbers of the interpreter (%s)',
    (_, { apply, operands }) => agrees(apply, operands),
  )
  test.each(examples.filter(differentiable).map((example) => [example.name, example] as const))(
    'has a gradient with the numbers of the interpreter (%s)',
    (_, example) => agrees(gradientOf(example), example.operands),
  )
})

test.each([
  ['expm1', expm1, Math.expm1],
  ['log1p', log1p, Math.log1p],
] as const)('%s keeps its relative precision near zero', async (_, op, exact) => {
  const x = tensor([-0.9, -1e-3, -1e-10, 1e-30, 1e-7, 3e-4, 0.49, 0.51, 7])
  await using program = await compileOrThrow(op, [x])
  ;(await program.runOrThrow(x)).attributes.data.forEach((value, i) => {
    const expected = exact(x.attributes.data[i] as number)
    expect(Math.abs(value - expected), String(expected)).toBeLessThan(1e-6 * Math.abs(expected))
  })
})
