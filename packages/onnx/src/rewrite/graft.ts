import type { Constant, Tensor } from '@grad-ts/tensor'
import { input } from '@grad-ts/tensor'
import { exportModelOrThrow } from '../export/model.ts'
import { DynamicBatchError } from '../export/errors.ts'
import type { Graft, OnnxPort, OnnxSource } from '../import/types.ts'
import { bytesOf, fieldsOf } from '../import/wire.ts'
import { decodeModel, encodeModel } from '../schema/codec.ts'
import type { GraphProto, NodeProto, TensorProto } from '../schema/messages.ts'
import { inOpset } from './older.ts'

/** Whether the file leaves the first axis of its inputs free. */
export const isDynamic = ({ stored }: OnnxSource): boolean =>
  stored.graph.inputs.some(({ shape }) => shape === undefined || typeof shape[0] !== 'number')

const modelOf = (graft: Graft, weights: Readonly<Record<string, Constant>>, x: Tensor, dynamicBatch: boolean): Uint8Array =>
  exportModelOrThrow((params: Readonly<Record<string, Tensor>>, value: Tensor) => graft.apply(params, value), weights, x, {
    dynamicBatch,
    names: { inputs: () => graft.at, outputs: () => graft.output },
  })

/** With a free batch where the layers allow it. */
const exported = (graft: Graft, weights: Readonly<Record<string, Constant>>, port: OnnxPort, dynamic: boolean): Uint8Array => {
  const x = input(graft.at, port.shape, port.dtype)
  if (!dynamic) return modelOf(graft, weights, x, false)
  try {
    return modelOf(graft, weights, x, true)
  } catch (error) {
    if (error instanceof DynamicBatchError) return modelOf(graft, weights, x, false)
    throw error
  }
}

/** A decoded message knows its type and takes no plain records inside; a copy without the type does. */
const plain = <A>(message: A): A => {
  if (Array.isArray(message)) return message.map(plain) as A
  if (typeof message !== 'object' || message === null || ArrayBuffer.isView(message)) return message
  return Object.fromEntries(Object.entries(message).flatMap(([key, value]) => (key.startsWith('$') ? [] : [[key, plain(value)]]))) as A
}

/** Puts the prefix before every name but those that join the layers to the file. */
const renamed = ({ node, initializer, ...graph }: GraphProto, { name, at, output }: Graft): GraphProto => {
  const rename = (text: string): string => (text === '' || text === at || text === output ? text : `${name}.${text}`)
  return {
    ...graph,
    node: node.map((part) => ({ ...part, name: rename(part.name ?? ''), input: part.input.map(rename), output: part.output.map(rename) })),
    initializer: initializer.map((part) => ({ ...part, name: rename(part.name ?? '') })),
  }
}

const readBy = (nodes: readonly NodeProto[]): Set<string> => new Set(nodes.flatMap((node) => node.input))

const olderForm = (graph: GraphProto, opset: number): GraphProto => {
  const constants = new Map(graph.initializer.map((part) => [part.name ?? '', part] as readonly [string, TensorProto]))
  const node = graph.node.map((part) => inOpset(part, constants, opset))
  const used = readBy(node)
  return { ...graph, node, initializer: graph.initializer.filter(({ name }) => used.has(name ?? '')) }
}

/** The nodes, weights and output of new layers as fields of a GraphProto. */
export interface GraftFields {
  readonly nodes: readonly Uint8Array[]
  readonly initializers: readonly Uint8Array[]
  readonly outputs: readonly Uint8Array[]
}

const pick = (graph: Uint8Array, number: number): Uint8Array[] =>
  [...fieldsOf(graph)].filter((field) => field.number === number).map((field) => graph.subarray(field.start, field.to))

/** Lowers new layers to standard operators in the forms of the file's operator set. */
export const graftFields = (source: OnnxSource, graft: Graft, weights: Readonly<Record<string, Constant>>, port: OnnxPort): GraftFields => {
  const model = plain(decodeModel(exported(graft, weights, port, isDynamic(source))))
  const graph = olderForm(renamed(model.graph, graft), source.stored.opsets.get('') ?? 18)
  const bytes = encodeModel({ ...model, graph })
  const [message] = [...fieldsOf(bytes)].filter(({ number }) => number === 7).map((field) => bytesOf(bytes, field))
  const fields = message as Uint8Array
  return { nodes: pick(fields, 1), initializers: pick(fields, 5), outputs: pick(fields, 12) }
}
