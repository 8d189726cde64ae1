import { isConstant, sizeOf, topologicalOrder } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { isLaneOp } from './ops.ts'

/**
 * What a node is to a chain: a value that it computes (`step`), a constant, a tensor of the old state or of the batch that it reads
 * where it lies, or a result of the session.
 */
export type Role = 'step' | 'constant' | 'state' | 'batch' | 'session'

interface Facts {
  readonly role: Role
  /** Depends on the old state elementwise. */
  readonly stateful: boolean
  /** The tensor of its own length that it is computed from, when that is one and not of the state. */
  readonly origin: Tensor | undefined
}

const isLane = ({ dtype }: Tensor): boolean => dtype === 'float32' || dtype === 'bool'

const elements = ({ shape }: Tensor): number => sizeOf(shape)

/** Elementwise over operands of the same length (whatever their shape) or of one element. */
const fitsLanes = (node: Tensor): boolean =>
  isLaneOp(node.op) &&
  [node, ...node.inputs].every(isLane) &&
  node.inputs.every((operand) => elements(operand) === elements(node) || elements(operand) === 1)

const sourceFacts = (node: Tensor, role: Role): Facts => ({ role, stateful: role === 'state', origin: role === 'state' ? undefined : node })

/**
 * A step, unless it joins several results of the session without the state: then the session joins them and hands out one tensor.
 */
const stepFacts = (node: Tensor, known: ReadonlyMap<Tensor, Facts>): Facts => {
  const sameLength = node.inputs.filter((operand) => elements(operand) === elements(node)).map((operand) => known.get(operand) as Facts)
  const stateful = sameLength.some((facts) => facts.stateful)
  const origins = new Set(sameLength.flatMap(({ origin }) => origin ?? []))
  if (origins.size > 1 && !stateful) return sourceFacts(node, 'session')
  return { role: 'step', stateful, origin: stateful ? undefined : [...origins][0] }
}

const factsOf = (node: Tensor, state: ReadonlySet<Tensor>, batch: ReadonlySet<Tensor>, known: ReadonlyMap<Tensor, Facts>): Facts => {
  const isVector = node.dtype === 'float32' && elements(node) > 1
  if (isVector && state.has(node)) return sourceFacts(node, 'state')
  if (isVector && batch.has(node)) return sourceFacts(node, 'batch')
  if (isConstant(node) && isLane(node) && elements(node) === 1) return { role: 'constant', stateful: false, origin: undefined }
  return fitsLanes(node) ? stepFacts(node, known) : sourceFacts(node, 'session')
}

/** Tells for every node that the outputs depend on what it is to a chain. */
export const rolesOf = (outputs: readonly Tensor[], state: readonly Tensor[], batch: readonly Tensor[]): ReadonlyMap<Tensor, Role> => {
  const [states, batches] = [new Set(state), new Set(batch)]
  const known = new Map<Tensor, Facts>()
  for (const node of topologicalOrder(outputs)) known.set(node, factsOf(node, states, batches, known))
  return new Map([...known].map(([node, { role }]) => [node, role]))
}
