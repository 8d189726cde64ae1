import { sizeOf } from '@grad-ts/tensor'
import type { Constant, FloatDType } from '@grad-ts/tensor'
import { constantFrom, isFloatType } from './elements.ts'
import type { ReadExternal } from './elements.ts'
import { elementType } from './ir.ts'
import type { StoredGraph, StoredNode, StoredTensor } from './ir.ts'

const constantOf = (node: StoredNode): StoredTensor | undefined => {
  const value = node.domain === '' && node.op === 'Constant' ? node.attributes.get('value') : undefined
  return value?.tag === 'tensor' ? value.value : undefined
}

/** Float tensors in `Constant` nodes of the main graph are weights too: some exporters write all of theirs so. */
export const weightOf = (node: StoredNode): StoredTensor | undefined => {
  const stored = constantOf(node)
  return stored !== undefined && isFloatType(stored.type) && sizeOf(stored.shape) > 1 ? stored : undefined
}

/** All initializers and float `Constant` nodes by the names that the graph reads them under. */
export const storedWeights = (graph: StoredGraph): Map<string, StoredTensor> => {
  const weights = new Map<string, StoredTensor>()
  for (const stored of graph.initializers) if (stored.type !== elementType.string) weights.set(stored.name, stored)
  for (const node of graph.nodes) {
    const stored = weightOf(node)
    if (stored !== undefined) weights.set(node.outputs[0] as string, stored)
  }
  return weights
}

export interface Weights {
  readonly values: Map<string, Constant>
  /** Integers from files beside the model, as they lie there: the values here have fewer bits. */
  readonly integers: Map<string, Uint8Array>
}

export const readWeights = (graph: StoredGraph, float: FloatDType | undefined, external: ReadExternal): Weights => {
  const integers = new Map<string, Uint8Array>()
  const values = [...storedWeights(graph)].map(([name, stored]) => {
    const read: ReadExternal = (...place) => {
      const bytes = external(...place)
      if (!isFloatType(stored.type)) integers.set(name, bytes)
      return bytes
    }
    return [name, constantFrom(name === stored.name ? stored : { ...stored, name }, float, read)] as const
  })
  return { values: new Map(values), integers }
}

/** The names of running statistics: inputs 3 and 4 of batch normalisation. */
export const statisticsOf = (nodes: readonly StoredNode[]): Set<string> =>
  new Set(nodes.filter(({ domain, op }) => domain === '' && op === 'BatchNormalization').flatMap(({ inputs }) => inputs.slice(3, 5)))

const recurrent = new Set(['GRU', 'LSTM', 'RNN'])
const moves = new Set(['Concat', 'Expand', 'Gather', 'Identity', 'Reshape', 'Slice', 'Split', 'Squeeze', 'Tile', 'Transpose', 'Unsqueeze'])

/** Names of the states that recurrent layers start from, back through what only moves elements: exporters write them as constants. */
export const initialStatesOf = (nodes: readonly StoredNode[]): Set<string> => {
  const names = new Set<string>()
  for (const node of nodes.toReversed()) {
    if (recurrent.has(node.op)) for (const name of node.inputs.slice(5, 7)) names.add(name)
    else if (moves.has(node.op) && node.outputs.some((name) => names.has(name))) for (const name of node.inputs) names.add(name)
  }
  return names
}

const huge = 1e30
const largestMask = 2 ** 24

/** A table that hides something holds −∞ or the lowest number there is; no weight does. */
export const isMask = ({ attributes: { data } }: Constant): boolean =>
  data.length <= largestMask && data.some((value) => !(Math.abs(value) < huge))

const readsOf = (node: StoredNode): string[] => [
  ...node.inputs,
  ...[...node.attributes.values()].flatMap((attribute) => (attribute.tag === 'graph' ? readsOfGraph(attribute.value) : [])),
]

const readsOfGraph = (graph: StoredGraph): string[] => [...graph.nodes.flatMap(readsOf), ...graph.outputs.map(({ name }) => name)]

/** The nodes that the outputs need, in their order, and every name they read. */
export const neededFor = (
  nodes: readonly StoredNode[],
  outputs: readonly string[],
): { readonly nodes: StoredNode[]; readonly names: Set<string> } => {
  const names = new Set(outputs)
  const kept: StoredNode[] = []
  for (const node of nodes.toReversed())
    if (node.outputs.some((name) => names.has(name))) {
      kept.push(node)
      for (const name of readsOf(node)) if (name !== '') names.add(name)
    }
  return { nodes: kept.reverse(), names }
}

/** The names from which a path of ops with gradients leads to the outputs. */
export const reachedBack = (
  nodes: readonly StoredNode[],
  outputs: readonly string[],
  blocks: (node: StoredNode) => boolean,
): Set<string> => {
  const names = new Set(outputs)
  for (const node of nodes.toReversed())
    if (!blocks(node) && node.outputs.some((name) => names.has(name))) for (const name of readsOf(node)) names.add(name)
  return names
}
