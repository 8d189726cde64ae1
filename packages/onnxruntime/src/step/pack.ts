import { leaves } from '@grad-ts/tree'
import { concat, input, node as makeNode, rebuild, reshape, scalar, sizeOf, slice, substitute } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { StepGraph } from '@grad-ts/onnx'
import { chainKey } from '../wasm/chain.ts'
import type { Step } from '../wasm/chain.ts'
import type { UpdateChain } from '../wasm/chains.ts'

/** Leaves of the state that lie one after another in a flat vector. */
export interface Pack {
  readonly leaves: readonly number[]
  readonly lengths: readonly number[]
}

/** How the leaves of a state are stored: some by themselves, then the packs. */
export interface Layout {
  readonly single: readonly number[]
  readonly packs: readonly Pack[]
}

export interface PackedStep {
  readonly graph: StepGraph
  readonly layout: Layout
}

/** What chains that may run as one have in common: the arithmetic, the scalars, and which operands are leaves that they replace. */
const signatureOf = (
  { chain, tensors, scalars, leaves: members }: UpdateChain,
  state: readonly Tensor[],
  numberOf: (node: Tensor) => number,
): string => [chainKey(chain), scalars.map(numberOf).join(), ...tensors.map((tensor) => members.indexOf(state.indexOf(tensor)))].join(';')

const createNumbers = (): ((node: Tensor) => number) => {
  const numbers = new Map<Tensor, number>()
  return (node) => {
    const number = numbers.get(node) ?? numbers.size
    numbers.set(node, number)
    return number
  }
}

const groupsOf = (chains: readonly UpdateChain[], state: readonly Tensor[]): (readonly UpdateChain[])[] => {
  const numberOf = createNumbers()
  const groups = new Map<string, UpdateChain[]>()
  for (const chain of chains) {
    const signature = signatureOf(chain, state, numberOf)
    groups.set(signature, [...(groups.get(signature) ?? []), chain])
  }
  return [...groups.values()].filter((group) => group.length > 1)
}

const flat = (x: Tensor): Tensor => reshape(x, [sizeOf(x.shape)])

/** Writes a chain as nodes on flat vectors. */
const chainNodes = (steps: readonly Step[], tensors: readonly Tensor[], scalars: readonly Tensor[]): Tensor[] => {
  const made: Tensor[] = []
  for (const step of steps) {
    if (step.op === 'tensor') made.push(tensors[step.index] as Tensor)
    else if (step.op === 'scalar') made.push(reshape(scalars[step.index] as Tensor, []))
    else if (step.op === 'constant') made.push(scalar(step.type === 'bool' ? step.value !== 0 : step.value, step.type))
    else {
      const operands = step.operands.map((operand) => made[operand] as Tensor)
      const attributes = step.op === 'cast' ? { dtype: step.type === 'bool' ? ('float32' as const) : ('bool' as const) } : {}
      made.push(makeNode(step.op, operands, attributes as never))
    }
  }
  return made
}

interface PackedGroup {
  readonly packs: readonly Pack[]
  readonly before: readonly Tensor[]
  readonly after: readonly Tensor[]
}

const packGroup = (group: readonly UpdateChain[], state: readonly Tensor[], number: number): PackedGroup => {
  const [first] = group as readonly [UpdateChain, ...UpdateChain[]]
  const lengths = group.map(({ length }) => length)
  const total = lengths.reduce((sum, length) => sum + length, 0)
  const before = first.leaves.map((_, i): Tensor => input(`pack.${number}.${i}`, [total], 'float32'))
  // The operands of a chain for all members at once: a pack of the state itself, or the members' tensors one after another.
  const tensors = first.tensors.map(
    (tensor, i) => before[first.leaves.indexOf(state.indexOf(tensor))] ?? concat(group.map((chain) => flat(chain.tensors[i] as Tensor))),
  )
  const made = chainNodes(first.chain.steps, tensors, first.scalars)
  return {
    packs: first.leaves.map((_, i) => ({ leaves: group.map((chain) => chain.leaves[i] as number), lengths })),
    before,
    after: first.chain.results.map((result) => made[result] as Tensor),
  }
}

/** The leaves of a pack, cut out of its vector. */
const unpacked = ({ leaves: members, lengths }: Pack, vector: Tensor, state: readonly Tensor[]): (readonly [Tensor, Tensor])[] => {
  let start = 0
  return members.map((leaf, i) => {
    const old = state[leaf] as Tensor
    const part = slice(vector, [{ start, end: (start += lengths[i] as number) }])
    return [old, reshape(part, old.shape)] as const
  })
}

/**
 * Packs leaves with the same update chain into flat vectors that the state then consists of, so that a model with many tensors
 * does not run as many updates. The rest of the step sees slices of the vectors.
 *
 * @returns nothing when no two leaves have the same chain
 */
export const packStep = (graph: StepGraph, chains: readonly UpdateChain[]): PackedStep | undefined => {
  const [state, batch] = [leaves<Tensor>(graph.inputs[0]), leaves<Tensor>(graph.inputs[1])]
  const [next, outputs] = [leaves<Tensor>(graph.outputs[0]), leaves<Tensor>(graph.outputs[1])]
  const groups = groupsOf(chains, state).map((group, i) => packGroup(group, state, i))
  if (groups.length === 0) return undefined
  const packs = groups.flatMap((group) => group.packs)
  const vectors = groups.flatMap(({ before }) => before)
  const taken = new Set(packs.flatMap((pack) => pack.leaves))
  const single = [...state.keys()].filter((leaf) => !taken.has(leaf))
  const cut = new Map(packs.flatMap((pack, i) => unpacked(pack, vectors[i] as Tensor, state)))
  const after = [...single.map((leaf) => next[leaf] as Tensor), ...groups.flatMap((group) => group.after)]
  return {
    graph: {
      inputs: [[...single.map((leaf) => state[leaf] as Tensor), ...vectors], batch],
      outputs: substitute([after, outputs] as const, cut, rebuild),
    },
    layout: { single, packs },
  }
}
