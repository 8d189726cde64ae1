import { add, isFloat, topologicalOrder, zerosLike } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { pullBack } from './rules/table.ts'

/** The nodes through which a change of a source can reach the outputs. */
const reachedFrom = (sources: readonly Tensor[], order: readonly Tensor[]): ReadonlySet<Tensor> => {
  const reached = new Set(sources)
  for (const node of order)
    if (isFloat(node.dtype) && node.op !== 'stopGradient' && node.inputs.some((operand) => reached.has(operand))) reached.add(node)
  return reached
}

/**
 * Reverse mode: walks the graph from the outputs to the sources and sums what each use of a node contributes.
 *
 * @param outputs with one cotangent each, of the same shape
 * @param sources nodes of the graph; one that no output depends on gets zeros
 */
export const pullBackAll = (outputs: readonly Tensor[], cotangents: readonly Tensor[], sources: readonly Tensor[]): Tensor[] => {
  const order = topologicalOrder(outputs)
  const reached = reachedFrom(sources, order)
  const gradients = new Map<Tensor, Tensor>()
  const accumulate = (node: Tensor, cotangent: Tensor): void => {
    const known = gradients.get(node)
    gradients.set(node, known === undefined ? cotangent : add(known, cotangent))
  }
  outputs.forEach((output, i) => reached.has(output) && accumulate(output, cotangents[i] as Tensor))
  for (const node of order.toReversed()) {
    const cotangent = gradients.get(node)
    if (cotangent === undefined || !node.inputs.some((operand) => reached.has(operand))) continue
    const wanted = node.inputs.map((operand) => reached.has(operand))
    pullBack(cotangent, node, { wanted, pullBackAll }).forEach((contribution, i) => {
      const operand = node.inputs[i] as Tensor
      if (contribution !== null && reached.has(operand)) accumulate(operand, contribution)
    })
  }
  return sources.map((source) => gradients.get(source) ?? zerosLike(source))
}
