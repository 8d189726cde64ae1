import { leaves } from '@grad-ts/tree'
import { topologicalOrder } from '@grad-ts/tensor'
import type { Graph, Tensor } from '@grad-ts/tensor'
import type { StepGraph } from '@grad-ts/onnx'
import type { Chain } from './chain.ts'
import { updateChains } from './chains.ts'
import type { Role } from './lanes.ts'
import { packResults } from './pack.ts'
import type { Place } from './pack.ts'

/** Where a chain finds an operand: a leaf of the old state or of the batch, or an output of the session from some element on. */
export interface Source {
  readonly from: 'state' | 'batch' | 'session'
  readonly index: number
  readonly offset?: number
}

/** One run of a chain: it writes new leaves of the state. */
export interface Update {
  readonly chain: Chain
  /** Elements of each tensor. */
  readonly length: number
  readonly tensors: readonly Source[]
  /** Where the session puts the scalars. */
  readonly scalars: readonly Place[]
  /** Which leaves of the state are the results. */
  readonly results: readonly number[]
}

/** A step cut in two: a session, and chains that run after it. Leaves go by their place in canonical order. */
export interface SplitStep {
  /** It computes the outputs of the step, new leaves of the state (`kept`) and what the chains read. */
  readonly session: Graph<readonly Tensor[], readonly Tensor[]>
  /** Which leaves of state and batch the session reads, in the order of its inputs. */
  readonly reads: readonly Source[]
  /** Where the session puts the outputs of the step. */
  readonly outputs: readonly Place[]
  /** Which leaves of the new state the session gives, and where; leaves in neither part do not change. */
  readonly kept: readonly { readonly leaf: number; readonly place: Place }[]
  readonly updates: readonly Update[]
}

/** Lists what the session computes: every tensor once. */
const createResults = () => {
  const results: Tensor[] = []
  const known = new Map<Tensor, number>()
  const numberOf = (node: Tensor): number => {
    const number = known.get(node) ?? results.push(node) - 1
    known.set(node, number)
    return number
  }
  return { results, numberOf }
}

/** What the session reads of the state and the batch. */
const readsOf = (
  results: readonly Tensor[],
  state: readonly Tensor[],
  batch: readonly Tensor[],
): readonly (readonly [Source, Tensor])[] => {
  const needed = new Set(topologicalOrder(results))
  const list = (from: 'state' | 'batch', leaves: readonly Tensor[]) =>
    leaves.flatMap((leaf, index): [Source, Tensor][] => (needed.has(leaf) ? [[{ from, index }, leaf]] : []))
  return [...list('state', state), ...list('batch', batch)]
}

/**
 * Cuts a step: the longest float32 elementwise chains that end in new leaves of the state go to kernels, all else stays a session.
 * What the session needs for itself it computes again, since that is cheaper than to hand it out.
 */
export const splitStep = (graph: StepGraph): SplitStep => {
  const [state, batch] = [leaves<Tensor>(graph.inputs[0]), leaves<Tensor>(graph.inputs[1])]
  const [next, outputs] = [leaves<Tensor>(graph.outputs[0]), leaves<Tensor>(graph.outputs[1])]
  const nextOf = (leaf: number): Tensor => next[leaf] as Tensor
  const { roles, chains, kept } = updateChains(graph)
  const fromSession = (node: Tensor): boolean => !['state', 'batch'].includes(roles.get(node) as Role)
  const { results, numberOf } = createResults()
  for (const node of [
    ...outputs,
    ...kept.map(nextOf),
    ...chains.flatMap(({ tensors, scalars }) => [...tensors.filter(fromSession), ...scalars]),
  ])
    numberOf(node)
  const packed = packResults(results)
  const placeOf = (node: Tensor): Place => packed.places[numberOf(node)] as Place
  const sourceOf = (node: Tensor): Source => {
    if (fromSession(node)) return { from: 'session', ...placeOf(node) }
    return roles.get(node) === 'state' ? { from: 'state', index: state.indexOf(node) } : { from: 'batch', index: batch.indexOf(node) }
  }
  const reads = readsOf(results, state, batch)
  return {
    session: { inputs: reads.map(([, leaf]) => leaf), outputs: packed.outputs },
    reads: reads.map(([source]) => source),
    outputs: outputs.map(placeOf),
    kept: kept.map((leaf) => ({ leaf, place: placeOf(nextOf(leaf)) })),
    updates: chains.map(({ chain, tensors, scalars, leaves: members, length }) => ({
      chain,
      length,
      tensors: tensors.map(sourceOf),
      scalars: scalars.map(placeOf),
      results: members,
    })),
  }
}
