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

/**
 * How much may be alive at once, in bytes: gradients, activations and whatever else a graph computes, not its inputs and constants.
 * `auto` is as little as 1.3 times the work buys.
 */
export type MemoryBudget = number | 'auto'

/** A graph that was fitted into a budget. */
export interface MemoryPlan<G> {
  readonly graph: G
  /** The most bytes alive at once, as estimated: above the budget when nothing comes closer. */
  readonly peakBytes: number
  /** Nodes of the old graph that the new one computes a second time. */
  readonly recomputed: readonly Tensor[]
  /** Work of the new graph in proportion to that of the old one, as estimated. */
  readonly work: number
}

/** How to fit a graph. */
export interface MemoryOptions {
  /** Default: nothing is computed again, only the order is fixed, so that barriers have their effect. */
  readonly budget?: MemoryBudget | undefined
  /** For which provider the graph will be written (default `portable`). */
  readonly target?: Target
}

// The share of work for which `auto` buys memory: about one more forward pass.
const mostWork = 1.3

// Bytes that may be computed in any order, and from which on a result matters, as shares of the peak.
const stretch = 1 / 8
const smallest = 1 / 1000

const byWork = (a: Schedule, b: Schedule): number => a.work - b.work || a.peak - b.peak
const byPeak = (a: Schedule, b: Schedule): number => a.peak - b.peak || a.work - b.work

/** A schedule as a graph, with the estimate of what that takes: it holds more nodes than were planned. */
interface Written extends Schedule {
  readonly outputs: readonly Tensor[]
}

const written = (schedule: Schedule, target: Target): Written => {
  const outputs = writeHeld(schedule, schedule.peak * stretch, schedule.peak * smallest)
  return { ...schedule, outputs, peak: runtimeOrder(ledgerOf(outputs, target)).peak }
}

/** The cheapest schedule within a budget; where there is none, the one that comes closest. */
const chosen = (plain: Written, schedules: readonly Schedule[], budget: MemoryBudget, target: Target): Written => {
  const closest = (among: readonly Schedule[]): Written => {
    const best = written(among.toSorted(byPeak)[0] as Schedule, target)
    return best.peak < plain.peak ? best : plain
  }
  if (budget === 'auto') return closest(schedules.filter(({ work }) => work <= mostWork))
  if (plain.peak <= budget) return plain
  for (const schedule of schedules.filter(({ peak }) => peak <= budget).toSorted(byWork)) {
    const found = written(schedule, target)
    if (found.peak <= budget) return found
  }
  return closest(schedules)
}

const recomputedIn = ({ ledger: { lines } }: Schedule): Tensor[] =>
  lines.flatMap(({ node, again, operands }) => (again && operands.length > 0 ? [node] : []))

/** Tells whether a graph computes something again behind a barrier, which needs its order fixed. */
export const hasBarriers = (graph: Graph): boolean => topologicalOrder(leaves<Tensor>(graph.outputs)).some(({ op }) => op === 'barrier')

/**
 * Estimates the most bytes that are alive at once when ONNX Runtime runs a graph: results, not inputs and constants.
 *
 * @param graph as it is written
 * @example
 * import { estimateMemory } from '@grad-ts/onnx'
 * import { exp, mul, ones, sum, trace } from '@grad-ts/tensor'
 * estimateMemory(trace((x) => sum(mul(exp(x), exp(mul(x, 2)))), [ones([256, 1024])])) // => 2097152
 */
export const estimateMemory = (graph: Graph, target: Target = 'portable'): number =>
  runtimeOrder(ledgerOf(leaves<Tensor>(graph.outputs), target)).peak

/**
 * Fits a graph into a memory budget: chooses which results are computed again where they are used late instead of being kept, so that
 * the estimated peak is within the budget for the least additional work, and fixes the order of computation. The numbers stay the same
 * to the bit.
 *
 * @param graph as it will be written: a rewrite after this one would not know of the order
 * @returns the graph with its estimates
 * @see Chen et al., Training deep nets with sublinear memory cost, 2016, arXiv:1604.06174
 */
export const planMemory = <Inputs extends Tree<Tensor>, Outputs extends Tree<Tensor>>(
  graph: Graph<Inputs, Outputs>,
  { budget, target = 'portable' }: MemoryOptions = {},
): MemoryPlan<Graph<Inputs, Outputs>> => {
  const outputs = leaves<Tensor>(graph.outputs)
  const ledger = ledgerOf(outputs, target)
  const numbers = new Map(ledger.lines.map(({ node }, i) => [node, i]))
  const ends = shallowFirst(outputs).map((output) => numbers.get(output) as number)
  const schedules = budget === undefined ? [{ ledger, ...frugalOrder(ledger, ends), work: 1 }] : schedulesOf(ledger, ends)
  const plain: Written = { ledger, ...runtimeOrder(ledger), work: 1, outputs }
  const best = chosen(plain, schedules, budget ?? 'auto', target)
  return {
    graph: { inputs: graph.inputs, outputs: unflatten(graph.outputs, best.outputs) as Outputs },
    peakBytes: best.peak,
    recomputed: recomputedIn(best),
    work: best.work,
  }
}
