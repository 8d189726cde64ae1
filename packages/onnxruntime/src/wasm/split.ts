import { leaves } from '@grad-ts/tree'
import { sizeOf, topologicalOrder } from '@grad-ts/tensor'
import type { Graph, Tensor } from '@grad-ts/tensor'
import type { StepGraph } from '@grad-ts/onnx'
import { buildChain, groupResults } from './build.ts'
import type { Chain } from './chain.ts'
import { rolesOf } from './lanes.ts'
import type { Role } from './lanes.ts'

/** Where a chain finds an operand: a leaf of the old state or of the batch, or a result of the session. */
export interface Source {
  readonly from: 'state' | 'batch' | 'session'
  readonly index: number
}

/** One run of a chain: it writes new leaves of the state. */
export interface Update {
  readonly chain: Chain
  /** Elements of each tensor. */
  readonly length: number
  readonly tensors: readonly Source[]
  /** Which results of the session are the scalars. */
  readonly scalars: readonly number[]
  /** Which leaves of the state are the results. */
  readonly results: readonly number[]
}

/** A step cut in two: a session, and chains that run after it. Leaves go by their place in canonical order. */
export interface SplitStep {
  /** Its outputs are those of the step, then new leaves of the state (`kept`), then what the chains read. */
  readonly session: Graph<readonly Tensor[], readonly Tensor[]>
  /** Which leaves of state and batch the session reads, in the order of its inputs. */
  readonly reads: readonly Source[]
  /** Which leaves of the new state the session gives; leaves in neither part do not change. */
  readonly kept: readonly number[]
  readonly updates: readonly Update[]
}

const isFused = (leaf: Tensor, roles: ReadonlyMap<Tensor, Role>): boolean =>
  leaf.dtype === 'float32' && sizeOf(leaf.shape) > 1 && ['step', 'state'].includes(roles.get(leaf) as Role)

/** Numbers the session's outputs; a tensor that was asked for before keeps its number. */
const numbered = (outputs: Tensor[], reserved: number) => {
  const known = new Map<Tensor, number>()
  return (node: Tensor): number => {
    const number = known.get(node) ?? reserved + outputs.push(node) - 1
    known.set(node, number)
    return number
  }
}

/**
 * Cuts a step: the longest float32 elementwise chains that end in new leaves of the state go to kernels, all else stays a session.
 * What the session needs for itself it computes again, since that is cheaper than to hand it out.
 */
export const splitStep = (graph: StepGraph): SplitStep => {
  const [state, batch] = [leaves<Tensor>(graph.inputs[0]), leaves<Tensor>(graph.inputs[1])]
  const [next, outputs] = [leaves<Tensor>(graph.outputs[0]), leaves<Tensor>(graph.outputs[1])]
  const roles = rolesOf(next, state, batch)
  const changed = [...next.keys()].filter((i) => next[i] !== state[i])
  const fused = changed.filter((i) => isFused(next[i] as Tensor, roles))
  const kept = changed.filter((i) => !fused.includes(i))
  const handed: Tensor[] = []
  const resultOf = numbered(handed, outputs.length + kept.length)
  const sourceOf = (node: Tensor): Source => {
    const role = roles.get(node)
    if (role === 'state') return { from: role, index: state.indexOf(node) }
    return role === 'batch' ? { from: role, index: batch.indexOf(node) } : { from: 'session', index: resultOf(node) }
  }
  const bind = (group: readonly number[]): Update => {
    const members = group.map((i) => fused[i] as number)
    const nodes = members.map((i) => next[i] as Tensor)
    const { chain, tensors, scalars } = buildChain(nodes, roles)
    return {
      chain,
      length: sizeOf((nodes[0] as Tensor).shape),
      tensors: tensors.map(sourceOf),
      scalars: scalars.map(resultOf),
      results: members,
    }
  }
  const updates = groupResults(
    fused.map((i) => next[i] as Tensor),
    fused.map((i) => state[i] as Tensor),
    roles,
  ).map(bind)
  const session = [...outputs, ...kept.map((i) => next[i] as Tensor), ...handed]
  const needed = new Set(topologicalOrder(session))
  const readsOf = (from: 'state' | 'batch', list: readonly Tensor[]): Source[] =>
    list.flatMap((leaf, index) => (needed.has(leaf) ? [{ from, index }] : []))
  const reads = [...readsOf('state', state), ...readsOf('batch', batch)]
  const inputs = reads.map(({ from, index }) => (from === 'state' ? state : batch)[index] as Tensor)
  return { session: { inputs, outputs: session }, reads, kept, updates }
}
