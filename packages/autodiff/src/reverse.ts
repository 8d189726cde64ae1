import { add, isFloat, topologicalOrder, zerosLike } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { gradientOfPieces, pieceOf } from './pieces.ts'
import type { Piece } from './pieces.ts'
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
  const pieces = new Map<Tensor, Piece[]>()
  const accumulate = (node: Tensor, cotangent: Tensor): void => {
    const known = gradients.get(node)
    gradients.set(node, known === undefined ? cotangent : add(known, cotangent))
  }
  const collect = (node: Tensor): void => {
    const cut = pieces.get(node)
    if (cut !== undefined) accumulate(node, gradientOfPieces(cut, node, { wanted: [true], pullBackAll }))
    pieces.delete(node)
  }
  outputs.forEach((output, i) => reached.has(output) && accumulate(output, cotangents[i] as Tensor))
  for (const node of order.toReversed()) {
    collect(node)
    const cotangent = gradients.get(node)
    const wanted = node.inputs.map((operand) => reached.has(operand))
    if (cotangent === undefined || !wanted.includes(true)) continue
    const piece = pieceOf(node, cotangent)
    if (piece !== undefined) {
      const [operand] = node.inputs as [Tensor]
      pieces.set(operand, [...(pieces.get(operand) ?? []), piece])
      continue
    }
    pullBack(cotangent, node, { wanted, pullBackAll }).forEach((contribution, i) => {
      if (contribution !== null && wanted[i]) accumulate(node.inputs[i] as Tensor, contribution)
    })
  }
  return sources.map((source) => gradients.get(source) ?? zerosLike(source))
}
