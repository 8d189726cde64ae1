import { leaves, map, mapWithPath } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { input } from './create.ts'
import { node } from './tensor.ts'
import type { Tensor } from './tensor.ts'

/** Lists every tensor that the outputs depend on, operands before the ops that use them, each once. */
export const topologicalOrder = (outputs: readonly Tensor[]): Tensor[] => {
  const order: Tensor[] = []
  const seen = new Set<Tensor>()
  const pending: { readonly node: Tensor; readonly ready: boolean }[] = []
  for (const output of outputs) {
    pending.push({ node: output, ready: false })
    while (pending.length > 0) {
      const { node, ready } = pending.pop() as { node: Tensor; ready: boolean }
      if (ready) order.push(node)
      else if (!seen.has(node)) {
        seen.add(node)
        pending.push({ node, ready: true })
        for (let i = node.inputs.length - 1; i >= 0; i--) pending.push({ node: node.inputs[i] as Tensor, ready: false })
      }
    }
  }
  return order
}

/** A traced function: placeholders for its arguments and the tensors it computes from them. */
export interface Graph<Inputs extends Tree<Tensor> = Tree<Tensor>, Outputs extends Tree<Tensor> = Tree<Tensor>> {
  readonly inputs: Inputs
  readonly outputs: Outputs
}

/**
 * Traces a function into a graph: calls it once with placeholders of the arguments' shapes and dtypes.
 *
 * @param fn a function of tensor trees, without effects
 * @param args example arguments; only their shapes and dtypes are read
 * @example
 * import { add, evaluate, ones, toArray, trace } from '@grad-ts/tensor'
 * const graph = trace((x, y) => add(x, y), [ones([2]), ones([2])])
 * graph.outputs.shape // => [2]
 */
export const trace = <Args extends readonly Tree<Tensor>[], Outputs extends Tree<Tensor>>(
  fn: (...args: Args) => Outputs,
  args: readonly [...Args],
): Graph<Args, Outputs> => {
  const inputs = mapWithPath((path, leaf: Tensor) => input(path, leaf.shape, leaf.dtype) as Tensor, args as Tree<Tensor>) as unknown as Args
  return { inputs, outputs: fn(...inputs) }
}

/** Makes a node anew with other operands: what `substitute` does with nodes that need no change. */
export const rebuild = ({ op, attributes }: Tensor, inputs: readonly Tensor[]): Tensor => node(op, inputs, attributes)

/** Rebuilds the outputs of a graph with other tensors in place of some nodes. */
export const substitute = <Outputs extends Tree<Tensor>>(
  outputs: Outputs,
  replacements: ReadonlyMap<Tensor, Tensor>,
  rebuild: (node: Tensor, inputs: readonly Tensor[]) => Tensor,
): Outputs => {
  const replaced = new Map<Tensor, Tensor>(replacements)
  for (const node of topologicalOrder(leaves(outputs as Tree<Tensor>))) {
    if (replaced.has(node)) continue
    const inputs = node.inputs.map((operand) => replaced.get(operand) as Tensor)
    replaced.set(node, inputs.every((operand, i) => operand === node.inputs[i]) ? node : rebuild(node, inputs))
  }
  return map((leaf: Tensor) => replaced.get(leaf) as Tensor, outputs as Tree<Tensor>) as Outputs
}
