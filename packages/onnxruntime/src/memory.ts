import { estimateMemory, explainGraph, hasBarriers, planMemory } from '@grad-ts/onnx'
import type { MemoryBudget, Target } from '@grad-ts/onnx'
import type { Tree } from '@grad-ts/tree'
import type { Graph, Tensor } from '@grad-ts/tensor'
import { ArgumentError, MemoryBudgetError } from './errors.ts'

/** A graph as it will be written, with what is known of its memory. */
export interface Fitted<Inputs extends Tree<Tensor> = Tree<Tensor>, Outputs extends Tree<Tensor> = Tree<Tensor>> {
  readonly graph: Graph<Inputs, Outputs>
  readonly target: Target
  readonly budget: MemoryBudget | undefined
  /** Whether memory counts: the runtime then lays no pattern of allocations out, which holds twice the memory and saves little time. */
  readonly frugal: boolean
  readonly recomputed: readonly Tensor[]
  readonly work: number
}

const checkBudget = (budget: MemoryBudget | undefined): void => {
  if (budget !== undefined && budget !== 'auto' && !(budget > 0))
    throw new ArgumentError('memoryBudget', '', "a positive number of bytes, or 'auto'", String(budget))
}

/**
 * Fits a graph into a budget, where there is one or where checkpoints need the order fixed.
 *
 * @throws {MemoryBudgetError} when the graph does not fit however much is computed again
 */
export const fitMemory = <Inputs extends Tree<Tensor>, Outputs extends Tree<Tensor>>(
  graph: Graph<Inputs, Outputs>,
  budget: MemoryBudget | undefined,
  target: Target,
): Fitted<Inputs, Outputs> => {
  checkBudget(budget)
  if (budget === undefined && !hasBarriers(graph)) return { graph, target, budget, frugal: false, recomputed: [], work: 1 }
  const plan = planMemory(graph, { budget, target })
  if (typeof budget === 'number' && plan.peakBytes > budget) throw new MemoryBudgetError(budget, plan.peakBytes)
  return { graph: plan.graph, target, budget, frugal: true, recomputed: plan.recomputed, work: plan.work }
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toPrecision(3)} MiB`

const memoryLine = ({ graph, target, budget, recomputed, work }: Fitted): string => {
  const again = recomputed.length === 0 ? '' : `, ${recomputed.length} results computed again for ${work.toFixed(2)} times the work`
  const limit = typeof budget === 'number' ? ` of ${mebibytes(budget)}` : ''
  return `at most ${mebibytes(estimateMemory(graph as Graph, target))}${limit} alive at once, beside inputs${again}`
}

/** Shows a graph as it was compiled and the memory that it takes as it was written. */
export const explainFitted = (graph: Graph, fitted: Fitted): string =>
  [explainGraph(graph, new Set(fitted.recomputed)), memoryLine(fitted)].join('\n')
