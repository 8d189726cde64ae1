import { leaves, map } from '@grad-ts/tree'
import type { MapLeaves, Tree } from '@grad-ts/tree'
import { EvaluationError, showOperand } from './errors.ts'
import { topologicalOrder, trace } from './graph.ts'
import type { Graph } from './graph.ts'
import { table } from './ops/table.ts'
import type { RunBody, Value } from './ops/rule.ts'
import { sameShape } from './shape.ts'
import type { NestedArray } from './create.ts'
import { constantOf, isConstant } from './tensor.ts'
import type { Constant, Tensor } from './tensor.ts'
import { sizeOf } from './shape.ts'

const toValue = ({ attributes, shape, dtype }: Constant): Value => ({ data: attributes.data, shape, dtype })
const toConstant = ({ data, shape, dtype }: Value): Constant => constantOf(data, shape, dtype)

const valueOf = (node: Tensor, known: ReadonlyMap<Tensor, Constant>): Constant => {
  if (isConstant(node)) return node
  const operands = node.inputs.map((operand) => toValue(known.get(operand) as Constant))
  return constantOf(table[node.op].evaluate(operands, node.attributes, node, runBody), node.shape, node.dtype)
}

const runBody: RunBody = (body, inputs) => {
  const values = new Map(body.inputs.map((placeholder, i) => [placeholder, toConstant(inputs[i] as Value)]))
  const known = compute(body.outputs, values)
  return body.outputs.map((output) => toValue(known.get(output) as Constant))
}

/** Drops values after their last use, so that a long graph needs memory only for what is alive. */
const compute = (outputs: readonly Tensor[], inputs: ReadonlyMap<Tensor, Constant>): ReadonlyMap<Tensor, Constant> => {
  const order = topologicalOrder(outputs)
  const uses = new Map<Tensor, number>()
  for (const node of [...order.flatMap(({ inputs: operands }) => operands), ...outputs]) uses.set(node, (uses.get(node) ?? 0) + 1)
  const known = new Map(inputs)
  for (const node of order) {
    if (!known.has(node)) known.set(node, valueOf(node, known))
    for (const operand of node.inputs) {
      const left = (uses.get(operand) as number) - 1
      uses.set(operand, left)
      if (left === 0) known.delete(operand)
    }
  }
  return known
}

/**
 * Computes a tree of tensors with the reference interpreter: every op rounded once to its dtype, sums accumulated in float64.
 *
 * @param tree tensors to compute
 * @param inputs values for the placeholders among them
 * @returns the same tree with constants, whose elements are in `attributes.data`
 * @throws {EvaluationError} when a placeholder has no value or an index is out of range
 * @example
 * import { add, evaluate, tensor, toArray } from '@grad-ts/tensor'
 * toArray(evaluate({ total: add(tensor([1, 2]), 1) }).total) // => [2, 3]
 */
export const evaluate = <T extends Tree<Tensor>>(
  tree: T,
  inputs: ReadonlyMap<Tensor, Constant> = new Map(),
): MapLeaves<T, Tensor, Constant> => {
  const values = compute(leaves(tree as Tree<Tensor>), inputs)
  return map((leaf: Tensor) => values.get(leaf) as Constant, tree as Tree<Tensor>) as MapLeaves<T, Tensor, Constant>
}

/**
 * Pairs the placeholders of a graph with values.
 *
 * @throws {EvaluationError} when a value has another shape or dtype
 */
export const bind = (inputs: Tree<Tensor>, args: Tree<Tensor>): Map<Tensor, Constant> => {
  const values = new Map<Tensor, Constant>()
  map(
    (placeholder: Tensor, value: Tensor) => {
      if (!sameShape(placeholder.shape, value.shape) || placeholder.dtype !== value.dtype)
        throw new EvaluationError(
          `input '${(placeholder as Tensor<'input'>).attributes.name}': expected ${showOperand(placeholder)}, got ${showOperand(value)}`,
        )
      values.set(placeholder, evaluate(value))
      return value
    },
    inputs,
    args,
  )
  return values
}

/** Runs a traced graph on arguments in the reference interpreter. */
export const runGraph = <Args extends Tree<Tensor>, Outputs extends Tree<Tensor>>(
  graph: Graph<Args, Outputs>,
  args: Args,
): MapLeaves<Outputs, Tensor, Constant> => evaluate(graph.outputs, bind(graph.inputs, args))

/**
 * Makes a function of tensors run in the reference interpreter: it is traced once per argument shapes and then only evaluated.
 *
 * @example
 * import { interpret, mul, tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const double = interpret((x: Tensor) => mul(x, 2))
 * toArray(double(tensor([1, 2]))) // => [2, 4]
 */
export const interpret = <Args extends readonly Tree<Tensor>[], Outputs extends Tree<Tensor>>(
  fn: (...args: Args) => Outputs,
): ((...args: Args) => MapLeaves<Outputs, Tensor, Constant>) => {
  const graphs = new Map<string, Graph<Args, Outputs>>()
  return (...args) => {
    const signature = JSON.stringify(map((leaf: Tensor) => showOperand(leaf), args as Tree<Tensor>))
    const graph = graphs.get(signature) ?? trace<Args, Outputs>(fn, args)
    graphs.set(signature, graph)
    return runGraph(graph as Graph<Tree<Tensor>, Outputs>, args as Tree<Tensor>)
  }
}

/** Gives the elements as nested arrays; bool elements become booleans. The tensor is evaluated when it is not a constant. */
export const toArray = (x: Tensor): NestedArray => {
  const { attributes, shape, dtype } = evaluate(x) as Constant
  const build = (axis: number, start: number): NestedArray => {
    if (axis === shape.length) return dtype === 'bool' ? attributes.data[start] !== 0 : (attributes.data[start] as number)
    const stride = sizeOf(shape.slice(axis + 1))
    return Array.from({ length: shape[axis] as number }, (_, i) => build(axis + 1, start + i * stride))
  }
  return build(0, 0)
}

/** Gives a scalar's (or any one-element tensor's) value as a number. */
export const toNumber = (x: Tensor): number => {
  if (sizeOf(x.shape) !== 1) throw new EvaluationError(`toNumber: expected one element, got ${showOperand(x)}`)
  return (evaluate(x) as Constant).attributes.data[0] as number
}
