import type { Tensor } from '@grad-ts/tensor'
import type { Emitter } from './emitter.ts'
import { valueInfo } from './schema/types.ts'
import type { GraphProto, ModelProto, NodeProto, ValueInfoProto } from './schema/messages.ts'

/** An argument or result of a model. */
export interface Port {
  readonly name: string
  readonly shape: readonly (number | string)[]
  readonly dtype: Tensor['dtype']
}

export const portInfo = ({ name, shape, dtype }: Port): ValueInfoProto => valueInfo(name, shape, dtype)

type Rename = (name: string) => string

const renamed = (node: NodeProto, rename: Rename): NodeProto => ({
  ...node,
  input: node.input.map(rename),
  output: node.output.map(rename),
  attribute: node.attribute.map((attribute) =>
    attribute.g === undefined
      ? attribute
      : { ...attribute, g: { ...attribute.g, node: attribute.g.node.map((inner) => renamed(inner, rename)) } },
  ),
})

/**
 * Gives values the names that the outputs must have. What a node computes is renamed; an input, a constant or a second output
 * of the same value needs a node of its own.
 */
export const nameOutputs = (emitter: Emitter, values: readonly string[], names: readonly string[]): void => {
  const computed = new Set(emitter.nodes.flatMap(({ output }) => output))
  const given = new Map<string, string>()
  values.forEach((value, i) => {
    if (computed.has(value) && !given.has(value)) given.set(value, names[i] as string)
  })
  emitter.nodes.forEach((node, i) => (emitter.nodes[i] = renamed(node, (name) => given.get(name) ?? name)))
  values.forEach((value, i) => {
    const name = given.get(value) ?? value
    if (name !== names[i]) emitter.addNamed('Identity', [name], [names[i] as string])
  })
}

/** Described values that still have their names. */
const inner = ({ nodes, values }: Emitter): readonly ValueInfoProto[] => {
  const computed = new Set(nodes.flatMap(({ output }) => output))
  return values.filter(({ name }) => computed.has(name as string))
}

export const graphProto = (
  name: string,
  emitter: Emitter,
  inputs: readonly ValueInfoProto[],
  outputs: readonly ValueInfoProto[],
): GraphProto => ({
  name,
  node: emitter.nodes,
  initializer: emitter.initializers,
  input: inputs,
  output: outputs,
  ...(emitter.values.length > 0 && { valueInfo: inner(emitter) }),
})

/** Wraps a graph: IR version 8 and operator set 18, for which every provider has kernels. */
export const modelProto = (graph: GraphProto): ModelProto => ({
  irVersion: 8n,
  producerName: 'grad-ts',
  graph,
  opsetImport: [{ domain: '', version: 18n }, ...(graph.node.some(usesContrib) ? [{ domain: 'com.microsoft', version: 1n }] : [])],
})

const usesContrib = (node: GraphProto['node'][number]): boolean =>
  node.domain === 'com.microsoft' || node.attribute.some(({ g }) => g?.node.some(usesContrib) === true)
