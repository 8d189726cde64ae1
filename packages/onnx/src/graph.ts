import type { Tensor } from '@grad-ts/tensor'
import type { Emitter } from './emitter.ts'
import { valueInfo } from './schema/types.ts'
import type { GraphProto, ModelProto, ValueInfoProto } from './schema/messages.ts'

/** An argument or result of a model. */
export interface Port {
  readonly name: string
  readonly shape: readonly (number | string)[]
  readonly dtype: Tensor['dtype']
}

export const portInfo = ({ name, shape, dtype }: Port): ValueInfoProto => valueInfo(name, shape, dtype)

/** Gives values the names that the outputs must have. A graph output needs a node of its own. */
export const nameOutputs = (emitter: Emitter, values: readonly string[], names: readonly string[]): void =>
  names.forEach((name, i) => emitter.addNamed('Identity', [values[i] as string], [name]))

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
