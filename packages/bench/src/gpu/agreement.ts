import { grad } from '@grad-ts/autodiff'
import { compileOrThrow } from '@grad-ts/onnxruntime'
import type { ConcreteDevice, Precision } from '@grad-ts/onnxruntime'
import { opExamples } from '@grad-ts/testkit'
import type { OpExample } from '@grad-ts/testkit'
import { isFloat, matmul, mul, ones, opNames, reshape, sizeOf, sum } from '@grad-ts/tensor'
import type { Constant, OpName, Tensor } from '@grad-ts/tensor'

/** How an op on a device compares with the cpu. */
export interface OpAgreement {
  readonly check: 'op'
  readonly op: OpName
  readonly examples: number
  /** The largest difference, relative to the largest element (at least 1e-3) of a result. */
  readonly difference: number
  readonly error?: string
}

type Computation = (...operands: readonly Tensor[]) => readonly Tensor[]

const forward =
  ({ apply }: OpExample): Computation =>
  (...operands) => [apply(...operands)]

const backward =
  ({ apply }: OpExample): Computation =>
  (...operands) => {
    const floats = operands.filter(({ dtype }) => isFloat(dtype))
    return grad((given: readonly Tensor[]): Tensor => {
      const remaining = given.values()
      return sum(mul(apply(...operands.map((operand) => (isFloat(operand.dtype) ? (remaining.next().value as Tensor) : operand))), 1.5))
    })(floats)
  }

const isDifferentiable = ({ operands, apply, forwardOnly }: OpExample): boolean =>
  forwardOnly !== true && operands.some(({ dtype }) => isFloat(dtype)) && isFloat(apply(...operands).dtype)

const one = ones([1, 1])

/** In mixed precision an op computes in float16 between two products, here with one. */
const inProducts = (x: Tensor): Tensor =>
  x.dtype === 'float32' && sizeOf(x.shape) > 0 ? reshape(matmul(reshape(x, [sizeOf(x.shape), 1]), one), x.shape) : x

const between = (example: OpExample): OpExample => ({
  ...example,
  apply: (...operands) => inProducts(example.apply(...operands.map(inProducts))),
})

interface Where {
  readonly device: ConcreteDevice
  readonly precision: Precision
}

const runOn = async ({ device, precision }: Where, fn: Computation, operands: readonly Constant[]): Promise<readonly Constant[]> => {
  await using program = await compileOrThrow(fn, operands, { device, precision, threads: 1 })
  return (await program.runOrThrow(...operands)) as readonly Constant[]
}

const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 1e-3)

/** The largest difference of two results relative to their scale; infinite where one is finite and the other is not. */
export const differenceOf = (actual: Constant, expected: Constant): number => {
  const [a, b] = [actual.attributes.data, expected.attributes.data]
  const scale = largest(b)
  return Array.from(b).reduce((most, value, i) => {
    const other = a[i] as number
    if (Object.is(value, other)) return most
    return Math.max(most, Number.isFinite(value) && Number.isFinite(other) ? Math.abs(value - other) / scale : Infinity)
  }, 0)
}

const compare = async (where: Where, fn: Computation, operands: readonly Constant[]): Promise<number> => {
  const [actual, expected] = [await runOn(where, fn, operands), await runOn({ ...where, device: 'cpu' }, fn, operands)]
  return Math.max(0, ...expected.map((value, i) => differenceOf(actual[i] as Constant, value)))
}

const usable = ({ name, operands, apply }: OpExample): boolean =>
  name !== 'edges' && [...operands, apply(...operands)].every(({ dtype }) => dtype !== 'float64')

/** Compares every example of an op, and its gradient. */
const checkOp = async (op: OpName, where: Where): Promise<OpAgreement> => {
  const plain = opExamples[op].filter(usable)
  const examples = where.precision === 'mixed' ? plain.map(between) : plain
  let difference = 0
  for (const example of examples) {
    try {
      difference = Math.max(difference, await compare(where, forward(example), example.operands))
      if (isDifferentiable(example)) difference = Math.max(difference, await compare(where, backward(example), example.operands))
    } catch (error) {
      return { check: 'op', op, examples: examples.length, difference: Infinity, error: `${example.name}: ${String(error)}` }
    }
  }
  return { check: 'op', op, examples: examples.length, difference }
}

/** Compares a device with the cpu, op by op; in mixed precision each op between two products. */
export async function* checkOps(device: ConcreteDevice, precision: Precision): AsyncGenerator<OpAgreement> {
  for (const op of opNames) yield await checkOp(op, { device, precision })
}
