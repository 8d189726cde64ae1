import { leaves, unflatten } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { topologicalOrder } from '@grad-ts/tensor'
import type { Graph, Tensor } from '@grad-ts/tensor'
import type { Target } from '../../emitter.ts'
import { schedulesOf } from './choose.ts'
import type { Schedule } from './choose.ts'
import { writeHeld } from './hold.ts'
import { ledgerOf, shallowFirst } from './ledger.ts'
import { frugalOrder, runtimeOrder } from './order.ts'

/** What a graph takes to run, as estimated: gradients, activations and whatever else it computes; not its inputs and constants. */
export interface MemoryUse {
  /** The most bytes that are alive at once. */
  readonly peakBytes: number
  /** Results that are computed a second time. */
  readonly recomputed: number
  /** Work of the graph in proportion to that of the same graph without a second computation. */
  readonly work: number
}

export interface PlannedMemory<G> extends MemoryUse {
  readonly graph: G
}

/** How much memory a graph may use: a number of bytes, or as little as is sensible (`auto`). */
export type MemoryBudget = number | 'auto'

// The share of work for which `auto` buys memory: about one more forward pass.
const mostWork = 1.3

/** The cheapest schedule within a budget; where there is none, the one that comes closest. */
const chosen = (schedules: readonly Schedule[], budget: MemoryBudget): Schedule => {
  const fitting = schedules.filter(({ peak, work }) => (budget === 'auto' ? work <= mostWork : peak <= budget))
  const cheaper = (a: Schedule, b: Schedule): number => a.work - b.work || a.peak - b.peak
  const smaller = (a: Schedule, b: Schedule): number => a.peak - b.peak || a.work - b.work
  return (
    budget === 'auto' || fitting.length === 0
      ? (fitting.length === 0 ? [...schedules] : fitting).toSorted(smaller)[0]
      : fitting.toSorted(cheaper)[0]
  ) as Schedule
}

const isHeldBack = (outputs: readonly Tensor[]): boolean => topologicalOrder(outputs).some(({ op }) => op === 'barrier')

const useOf = ({ ledger: { lines }, peak, work }: Schedule): MemoryUse => ({
  peakBytes: peak,
  recomputed: lines.filter(({ again, operands }) => again && operands.length > 0).length,
  work,
})

/**
 * Fits a graph into a memory budget: chooses which results are computed again where they are used late instead of being kept, so that
 * the estimated peak is within the budget for the least additional work, and fixes the order of computation. The numbers stay the same
 * to the bit.
 *
 * @param graph as it will be written; a rewrite after this one would not know of the order
 * @param budget bytes alive at once, beside inputs and constants; without one only a graph with barriers gets its order fixed
 * @returns the graph and its estimates; `peakBytes` is above the budget when nothing comes closer
 * @see Chen et al., Training deep nets with sublinear memory cost, 2016, arXiv:1604.06174
 */
export const planMemory = <Inputs extends Tree<Tensor>, Outputs extends Tree<Tensor>>(
  graph: Graph<Inputs, Outputs>,
  budget?: MemoryBudget,
  target: Target = 'portable',
): PlannedMemory<Graph<Inputs, Outputs>> => {
  const outputs = leaves<Tensor>(graph.outputs)
  const ledger = ledgerOf(outputs, target)
  const asWritten: Schedule = { ledger, ...runtimeOrder(ledger), work: 1 }
  if (budget === undefined && !isHeldBack(outputs)) return { graph, ...useOf(asWritten) }
  const numbers = new Map(ledger.lines.map(({ node }, i) => [node, i]))
  const ends = shallowFirst(outputs).map((output) => numbers.get(output) as number)
  const best =
    budget === undefined ? { ledger, ...frugalOrder(ledger, ends), work: 1 } : chosen([asWritten, ...schedulesOf(ledger, ends)], budget)
  if (best === asWritten) return { graph, ...useOf(asWritten) }
  const held = unflatten(graph.outputs, writeHeld(best, best.peak / 8, best.peak / 1000)) as Outputs
  return { graph: { inputs: graph.inputs, outputs: held }, ...useOf(best) }
}
