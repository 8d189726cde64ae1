import { leaves } from '@grad-ts/tree'
import { sizeOf } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { StepGraph } from '@grad-ts/onnx'
import { buildChain, groupResults } from './build.ts'
import type { BoundChain } from './build.ts'
import { rolesOf } from './lanes.ts'
import type { Role } from './lanes.ts'

/** A chain that writes new leaves of the state. */
export interface UpdateChain extends BoundChain {
  /** The leaves, in the order of the chain's results. */
  readonly leaves: readonly number[]
  /** Elements of each leaf. */
  readonly length: number
}

/** The elementwise end of a step. */
export interface UpdateChains {
  readonly roles: ReadonlyMap<Tensor, Role>
  readonly chains: readonly UpdateChain[]
  /** Leaves that change, but not by a chain. */
  readonly kept: readonly number[]
}

const isFused = (leaf: Tensor, roles: ReadonlyMap<Tensor, Role>): boolean =>
  leaf.dtype === 'float32' && sizeOf(leaf.shape) > 1 && ['step', 'state'].includes(roles.get(leaf) as Role)

/** Finds the longest float32 elementwise chains of a step that end in new leaves of its state. */
export const updateChains = (graph: StepGraph): UpdateChains => {
  const [state, batch] = [leaves<Tensor>(graph.inputs[0]), leaves<Tensor>(graph.inputs[1])]
  const next = leaves<Tensor>(graph.outputs[0])
  const nextOf = (leaf: number): Tensor => next[leaf] as Tensor
  const roles = rolesOf(next, state, batch)
  const changed = [...next.keys()].filter((i) => next[i] !== state[i])
  const fused = changed.filter((i) => isFused(nextOf(i), roles))
  const groups = groupResults(
    fused.map(nextOf),
    fused.map((i) => state[i] as Tensor),
    roles,
  ).map((members) => members.map((i) => fused[i] as number))
  const chains = groups.map((members) => ({
    ...buildChain(members.map(nextOf), roles),
    leaves: members,
    length: sizeOf(nextOf(members[0] as number).shape),
  }))
  return { roles, chains, kept: changed.filter((i) => !fused.includes(i)) }
}
