import { cast, isConstant, sizeOf } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Chain, Step } from './chain.ts'
import type { Role } from './lanes.ts'
import { isPassing } from './ops.ts'
import type { LaneOp, LaneType } from './ops.ts'

/** A chain with the tensors and scalars it reads, in the order of its arguments. */
export interface BoundChain {
  readonly chain: Chain
  readonly tensors: readonly Tensor[]
  readonly scalars: readonly Tensor[]
}

const placeIn = (list: Tensor[], node: Tensor): number => {
  const place = list.indexOf(node)
  return place === -1 ? list.push(node) - 1 : place
}

/** Divides many numbers by the same one: its reciprocal is taken once, since division is what kernels spend most of their time on. */
const dividesByOne = ({ op, shape, inputs }: Tensor): boolean =>
  op === 'div' && sizeOf(shape) > 1 && sizeOf((inputs[1] as Tensor).shape) === 1

/** Writes the steps that compute some nodes. Each rounds once to float32; a division by one number for all elements rounds twice. */
export const buildChain = (results: readonly Tensor[], roles: ReadonlyMap<Tensor, Role>): BoundChain => {
  const steps: Step[] = []
  const [tensors, scalars]: [Tensor[], Tensor[]] = [[], []]
  const known = new Map<Tensor, number>()
  const push = (step: Step): number => steps.push(step) - 1
  const read = (node: Tensor): number => {
    const isScalar = sizeOf(node.shape) === 1
    return push({ op: isScalar ? 'scalar' : 'tensor', index: placeIn(isScalar ? scalars : tensors, node) })
  }
  const compute = (node: Tensor, operands: readonly number[]): number => {
    if (isPassing(node.op)) return operands[0] as number
    const type = (node.inputs[0] as Tensor).dtype as LaneType
    if (!dividesByOne(node)) return push({ op: node.op as LaneOp, operands, type })
    const reciprocal = push({ op: 'reciprocal', operands: [operands[1] as number], type })
    return push({ op: 'mul', operands: [operands[0] as number, reciprocal], type })
  }
  const write = (node: Tensor): number => {
    if (isConstant(node) && roles.get(node) === 'constant')
      return push({ op: 'constant', value: node.attributes.data[0] as number, type: node.dtype as LaneType })
    if (roles.get(node) === 'step') return compute(node, node.inputs.map(visit))
    if (node.dtype !== 'bool') return read(node)
    // Memory holds numbers only: the session hands a condition out as 0 or 1.
    return push({ op: 'cast', operands: [read(cast(node, 'float32'))], type: 'float32' })
  }
  const visit = (node: Tensor): number => {
    const number = known.get(node) ?? write(node)
    known.set(node, number)
    return number
  }
  const stored = results.map(visit)
  return { chain: { tensors: tensors.length, scalars: scalars.length, steps, results: stored }, tensors, scalars }
}

/** Lists the nodes of full length that a chain for this node would hold or read. */
const extentOf = (result: Tensor, roles: ReadonlyMap<Tensor, Role>): Set<Tensor> => {
  const seen = new Set<Tensor>()
  const pending = [result]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node) || sizeOf(node.shape) === 1) continue
    seen.add(node)
    if (roles.get(node) === 'step') pending.push(...node.inputs)
  }
  return seen
}

/**
 * Groups leaves whose chains share a tensor, or of which one reads what the other replaces: such chains must run as one.
 *
 * @param results new leaves of the state
 * @param replaced the old leaves in their places
 * @returns groups of positions, each in ascending order
 */
export const groupResults = (results: readonly Tensor[], replaced: readonly Tensor[], roles: ReadonlyMap<Tensor, Role>): number[][] => {
  // Positions that belong together point to one another and in the end to one of them; a tensor points to the first that touched it.
  const parents = results.map((_, position) => position)
  const firstOf = (position: number): number => (parents[position] === position ? position : firstOf(parents[position] as number))
  const owners = new Map<Tensor, number>()
  results.forEach((result, position) => {
    for (const node of extentOf(result, roles).add(replaced[position] as Tensor)) {
      const owner = owners.get(node)
      if (owner === undefined) owners.set(node, position)
      else parents[firstOf(position)] = firstOf(owner)
    }
  })
  const groups = new Map<number, number[]>()
  for (const position of parents.keys()) groups.set(firstOf(position), [...(groups.get(firstOf(position)) ?? []), position])
  return [...groups.values()]
}
