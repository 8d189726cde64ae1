import type { Tree } from '@grad-ts/tree'
import { evaluate, interpret, runGraph, showOperand, trace } from '@grad-ts/tensor'
import type { Constant, Graph, Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'

/** Brings every leaf of a tree to a constant. */
export const settle = <T>(tree: T): T => (evaluate as (tree: unknown) => unknown)(tree) as T

type TreeFunction = (...args: Tree<Tensor>[]) => Tree<Tensor>

type Run = (...args: readonly Tree<Tensor>[]) => Tree<Constant>

/**
 * Makes a function of trees run in the interpreter.
 *
 * @param lower rewrites its graphs first
 */
export const interpreted = (fn: TreeFunction, lower?: (graph: Graph) => Graph): Run => {
  if (lower === undefined) return (interpret as unknown as (fn: TreeFunction) => Run)(fn)
  const graphs = new Map<string, Graph>()
  return (...args) => {
    const signature = JSON.stringify(map((leaf: Tensor) => showOperand(leaf), args as Tree<Tensor>))
    const graph = graphs.get(signature) ?? lower(trace(fn as never, args as never) as unknown as Graph)
    graphs.set(signature, graph)
    return runGraph(graph, args as Tree<Tensor>) as unknown as Tree<Constant>
  }
}
