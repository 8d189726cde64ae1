import { input } from './create.ts'
import { rebuild, substitute, topologicalOrder } from './graph.ts'
import type { Body } from './ops/attributes.ts'
import { isConstant } from './tensor.ts'
import type { Tensor } from './tensor.ts'

/** A small constant stays inside a body; a large one is handed in, so that a step need not carry it. */
const staysInside = (node: Tensor): boolean => isConstant(node) && node.attributes.data.length <= 16

/** The tensors that outputs use and that do not depend on the placeholders. */
const capturedBy = (placeholders: readonly Tensor[], outputs: readonly Tensor[]): Tensor[] => {
  const inside = new Set<Tensor>(placeholders)
  const captured = new Set<Tensor>()
  const outsider = (node: Tensor): boolean => !inside.has(node) && !staysInside(node)
  const order = topologicalOrder(outputs)
  for (const node of order) if (node.inputs.some((operand) => inside.has(operand))) inside.add(node)
  for (const node of order) if (inside.has(node)) for (const operand of node.inputs) if (outsider(operand)) captured.add(operand)
  for (const output of outputs) if (outsider(output)) captured.add(output)
  return [...captured].filter((node) => !placeholders.includes(node))
}

/**
 * Closes a computation over its placeholders: tensors from outside become further placeholders.
 *
 * @returns the body, whose placeholders are the given ones and one for each captured tensor, and the captured tensors
 */
export const closeOver = (
  placeholders: readonly Tensor[],
  outputs: readonly Tensor[],
): { readonly body: Body; readonly captured: readonly Tensor[] } => {
  const captured = capturedBy(placeholders, outputs)
  const stands = captured.map((node, i) => input(`captured.${i}`, node.shape, node.dtype))
  const closed = substitute(outputs, new Map(captured.map((node, i) => [node, stands[i] as Tensor])), rebuild)
  return { body: { inputs: [...placeholders, ...stands], outputs: closed }, captured }
}

/** Computes a body's outputs for operands in place of its placeholders, as part of the graph. */
export const inline = (body: Body, operands: readonly Tensor[]): readonly Tensor[] =>
  substitute(body.outputs, new Map(body.inputs.map((placeholder, i) => [placeholder, operands[i] as Tensor])), rebuild)
