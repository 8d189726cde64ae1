import { expect, test } from 'vitest'
import { grad } from '@grad-ts/autodiff'
import { optimizeGraph, precisionRoles, toMixedPrecision } from '@grad-ts/onnx'
import type { PrecisionRole } from '@grad-ts/onnx'
import { opExamples } from '@grad-ts/testkit'
import type { OpExample } from '@grad-ts/testkit'
import { matmul, mul, ones, opNames, reshape, runGraph, sizeOf, sum, topologicalOrder, trace } from '@grad-ts/tensor'
import type { Constant, DType, Graph, OpName, Tensor } from '@grad-ts/tensor'

const one = ones([1, 1])

/** Rounds to float16 in mixed precision: a product with one. */
const product = (x: Tensor): Tensor => reshape(matmul(reshape(x, [sizeOf(x.shape), 1]), one), x.shape)

const inProducts = (x: Tensor): Tensor => (x.dtype === 'float32' ? product(x) : x)

/** An op between two products, where it may follow its operands. */
const between = ({ operands, apply }: OpExample): Graph =>
  trace((...given: readonly Tensor[]) => inProducts(apply(...given.map(inProducts))), operands) as Graph

const gradientOf = ({ operands, apply }: OpExample): Graph =>
  trace(
    (...[x, ...rest]: readonly Tensor[]) => grad((given: Tensor) => sum(mul(inProducts(apply(product(given), ...rest)), 1.5)))(x as Tensor),
    operands,
  ) as Graph

const runs = (graph: Graph, operands: readonly Constant[]): Constant => runGraph(graph, operands as never) as unknown as Constant

/** Expects the numbers of a graph in float32, up to a tolerance relative to the largest (at least one). */
const expectKept = (graph: Graph, operands: readonly Constant[], tolerance: number): void => {
  const [actual, expected] = [runs(toMixedPrecision(optimizeGraph(graph)), operands), runs(graph, operands)]
  expect([actual.shape, actual.dtype]).toEqual([expected.shape, expected.dtype])
  const scale = Math.max(1, ...Array.from(expected.attributes.data, Math.abs).filter(Number.isFinite))
  expected.attributes.data.forEach((value, i) => {
    const other = actual.attributes.data[i] as number
    const same = Number.isFinite(value) ? Math.abs(value - other) <= tolerance * scale : Object.is(value, other)
    expect(same, `element ${i}: ${other}, expected ${value}`).toBe(true)
  })
}

// Operands that are rounded come to lie on the other side of a jump.
const jumps: ReadonlySet<OpName> = new Set(['argMax', 'argMin', 'topK', 'floor', 'ceil', 'round', 'mod', 'equal', 'less', 'lessEqual'])
// The derivative makes more of a rounding.
const steep: ReadonlySet<OpName> = new Set(['erfInv', 'pow', 'reciprocal', 'div', 'log', 'sqrt', 'prod'])

const examples = opNames
  .filter((op) => !jumps.has(op))
  .flatMap((op) => opExamples[op].map((example) => [op, example.name, example] as const))
  .filter(([, name, { operands }]) => name !== 'edges' && operands[0]?.dtype === 'float32' && sizeOf(operands[0].shape) > 0)

test.each(examples)('%s keeps its numbers to half precision (%s)', (op, _, example) => {
  expectKept(between(example), example.operands, steep.has(op) ? 2e-2 : 4e-3)
})

const isDifferentiable = ({ forwardOnly, operands, apply }: OpExample): boolean =>
  forwardOnly !== true && ['float32', 'float64'].includes(apply(...operands).dtype)

test.each(examples.filter(([op, , example]) => !steep.has(op) && isDifferentiable(example)))(
  'the gradient of %s keeps its numbers to half precision (%s)',
  (_, __, example) => expectKept(gradientOf(example), example.operands, 2e-2),
)

const wanted: Readonly<Partial<Record<PrecisionRole, DType>>> = {
  product: 'float16',
  exact: 'float16',
  between: 'float16',
  first: 'float16',
  float32: 'float32',
}

const nodesOf = (graph: Graph, op: OpName): readonly Tensor[] =>
  topologicalOrder([graph.outputs as Tensor]).filter((node) => node.op === op && node.inputs.length > 0)

// Division stays, since only by a constant it may follow; casts and scans have no dtype of their own.
const roles = opNames
  .filter((op) => wanted[precisionRoles[op]] !== undefined && op !== 'div')
  .flatMap((op) => {
    const found = examples.find(([own, , one]) => own === op && nodesOf(between(one), op)[0]?.dtype === 'float32')
    return found === undefined ? [] : [[op, found[2]] as const]
  })

test.each(roles)('%s between products computes where its role says', (op, example) => {
  expect(nodesOf(toMixedPrecision(between(example)), op).map(({ dtype }) => dtype)).toContain(wanted[precisionRoles[op]])
})
