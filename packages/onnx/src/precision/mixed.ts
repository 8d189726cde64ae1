import { cast, evaluate, isConstant, node as makeNode, topologicalOrder } from '@grad-ts/tensor'
import type { Graph, Tensor } from '@grad-ts/tensor'
import { leaves, unflatten } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { decide } from './decide.ts'
import type { Decisions, MixedScans } from './decide.ts'
import { mixScan } from './scan.ts'
import type { MixedScan } from './scan.ts'
import { precisionRoles } from './table.ts'

type Version = (node: Tensor) => Tensor

const remake = (node: Tensor, inputs: readonly Tensor[], attributes = node.attributes): Tensor =>
  inputs.every((operand, i) => operand === node.inputs[i]) && attributes === node.attributes ? node : makeNode(node.op, inputs, attributes)

/** Keeps what a function gave for each node. */
const once = (make: Version): Version => {
  const known = new Map<Tensor, Tensor>()
  return (node) => {
    const found = known.get(node) ?? make(node)
    known.set(node, found)
    return found
  }
}

/** Gives every node in the precision that was decided on, and in the other one where that is asked for: one cast each. */
const createVersions = ({ half, fits }: Decisions) => {
  const built = new Map<Tensor, Tensor>()
  const own: Version = (node) => built.get(node) as Tensor
  const inFloat32 = once((node) => (half.has(node) ? cast(own(node), 'float32') : own(node)))
  const inFloat16: Version = once((node) => {
    if (half.has(node)) return own(node)
    if (isConstant(node)) return evaluate(cast(node, 'float16'))
    if (fits.get(node) === 'none') return cast(own(node), 'float16')
    if (node.op === 'cast') return cast(own(node.inputs[0] as Tensor), 'float16')
    return remake(
      node,
      node.inputs.map((operand) => (operand.dtype === 'float32' ? inFloat16(operand) : own(operand))),
    )
  })
  return { built, own, inFloat16, inFloat32 }
}

/** Brings what some outputs need to mixed precision; the outputs keep their dtypes. */
const mixOutputs = (outputs: readonly Tensor[]): readonly Tensor[] => {
  const order = topologicalOrder(outputs)
  const scans: MixedScans = new Map(
    order.flatMap((node): [Tensor, MixedScan][] => {
      const mixed = node.op === 'scan' ? mixScan(node as Tensor<'scan'>, mixOutputs) : undefined
      return mixed === undefined ? [] : [[node, mixed]]
    }),
  )
  const decisions = decide(order, outputs, scans)
  const { built, own, inFloat16, inFloat32 } = createVersions(decisions)
  const build = (node: Tensor): Tensor => {
    const [first] = node.inputs
    if (node.op === 'cast' && node.dtype === 'float16' && first?.dtype === 'float32') return inFloat16(first)
    const scan = scans.get(node)
    const takesHalf = decisions.takesHalf(node)
    const inputs = node.inputs.map((operand, i) => {
      if (operand.dtype !== 'float32' || (precisionRoles[node.op] === 'first' && i > 0)) return own(operand)
      return (scan?.half.has(i) ?? takesHalf) ? inFloat16(operand) : inFloat32(operand)
    })
    return remake(node, inputs, scan?.attributes)
  }
  for (const node of order) built.set(node, build(node))
  return outputs.map((output) => (output.dtype === 'float32' ? inFloat32(output) : own(output)))
}

/**
 * Rewrites a graph to compute in mixed precision: products of matrices and convolutions in float16, what needs range or digits in
 * float32, and what lies between two products in the precision of its operands. Inputs and outputs keep their dtypes, so parameters and
 * everything that an optimizer does to them stay float32. A value is rounded once, however many nodes take it; constants are rounded now.
 *
 * @param graph as `optimizeGraph` gives it
 * @see Micikevicius et al., Mixed Precision Training, 2017, arXiv:1710.03740
 * @example
 * import { explainGraph, toMixedPrecision } from '@grad-ts/onnx'
 * import { matmul, ones, trace } from '@grad-ts/tensor'
 * const graph = toMixedPrecision(trace((x) => matmul(x, x), [ones([2, 2])]))
 * explainGraph(graph).split('\n')[1] // => '%1 = matmul(%0, %0)   float16[2, 2]'
 */
export const toMixedPrecision = <Inputs extends Tree<Tensor>, Outputs extends Tree<Tensor>>(
  graph: Graph<Inputs, Outputs>,
): Graph<Inputs, Outputs> => ({
  inputs: graph.inputs,
  outputs: unflatten(graph.outputs, mixOutputs(leaves<Tensor>(graph.outputs))) as Outputs,
})
