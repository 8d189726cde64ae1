import { evaluate, sizeOf } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import type { Adapter, Adapters } from '../adapt/lora.ts'
import { OnnxOptionError } from '../import/errors.ts'
import { elementType } from '../import/ir.ts'
import type { OnnxSource } from '../import/types.ts'
import { storedWeights } from '../import/weights.ts'
import { bytesOf, fieldsOf, stringOf } from '../import/wire.ts'
import type { Field } from '../import/wire.ts'
import { encodeModel } from '../schema/codec.ts'
import type { NodeProto, TensorProto } from '../schema/messages.ts'
import { int64Proto, tensorProto } from '../schema/types.ts'
import { bytesField, splice, stringField } from './splice.ts'
import type { Edit } from './splice.ts'

/** Trained adapters that stay apart from the weights in the file. */
export interface WrittenAdapters {
  /** What was trained, as `lora(…).params`. */
  readonly weights: Adapters
  /** `lora(…).scale`. */
  readonly scale: number
}

const node = (opType: string, input: readonly string[], output: string): NodeProto => ({
  opType,
  name: output,
  input,
  output: [output],
  attribute: [],
})

interface Parts {
  readonly nodes: readonly NodeProto[]
  readonly initializers: readonly TensorProto[]
}

/** base + scale · b·a under the name that the graph reads, so that no other node changes. */
const partsOf = (name: string, { a, b }: Adapter, weight: Constant, scale: number): Parts => {
  const part = (suffix: string): string => `${name}.${suffix}`
  const stored = (suffix: string, value: Constant): TensorProto =>
    tensorProto(part(suffix), value.attributes.data, value.shape, value.dtype)
  const [rows, columns] = [weight.shape[0] as number, sizeOf(weight.shape.slice(1))]
  const isMatrix = weight.shape.length === 2 && weight.shape[0] === rows && weight.shape[1] === columns
  const factor = new Float32Array([scale])
  return {
    nodes: [
      node('MatMul', [part('lora.b'), part('lora.a')], part('lora.product')),
      node('Mul', [part('lora.product'), part('lora.scale')], part('lora.scaled')),
      ...(isMatrix ? [] : [node('Reshape', [part('lora.scaled'), part('lora.shape')], part('lora.update'))]),
      node('Add', [part('base'), part(isMatrix ? 'lora.scaled' : 'lora.update')], name),
    ],
    initializers: [
      stored('lora.a', evaluate(a) as Constant),
      stored('lora.b', evaluate(b) as Constant),
      tensorProto(part('lora.scale'), factor, [], 'float32'),
      ...(isMatrix ? [] : [int64Proto(part('lora.shape'), weight.shape)]),
    ],
  }
}

const refuse = (name: string, reason: string): never => {
  throw new OnnxOptionError('adapters', `adapters: '${name}' ${reason}; multiply the adapters into the weights with merge instead`)
}

const fieldsWith = (parts: readonly Parts[], number: number): Uint8Array[] => {
  const bytes = encodeModel({
    irVersion: 8n,
    opsetImport: [],
    graph: {
      node: parts.flatMap(({ nodes }) => nodes),
      initializer: parts.flatMap(({ initializers }) => initializers),
      input: [],
      output: [],
    },
  })
  const graph = [...fieldsOf(bytes)].filter((field) => field.number === 7).map((field) => bytesOf(bytes, field))[0] as Uint8Array
  return [...fieldsOf(graph)].filter((field) => field.number === number).map((field) => graph.subarray(field.start, field.to))
}

const renamed = (message: Uint8Array, number: number, name: string): Uint8Array[] =>
  splice(message, (field) => (field.number === number ? stringField(number, name) : 'keep'))

const nameIn = (message: Uint8Array, number: number): string => {
  for (const field of fieldsOf(message)) if (field.number === number) return stringOf(message, field)
  return ''
}

interface Adapted {
  readonly name: string
  readonly parts: Parts
  /** Whether the weight is the value of a `Constant` node. */
  readonly inNode: boolean
}

const adaptedWeights = (source: OnnxSource, { weights, scale }: WrittenAdapters): Adapted[] => {
  const stored = storedWeights(source.stored.graph)
  const initializers = new Set(source.stored.graph.initializers.map(({ name }) => name))
  return Object.entries(weights).map(([name, adapter]) => {
    const { type } = stored.get(name) ?? refuse(name, 'is no weight of the file')
    if (type !== elementType.float || adapter.a.dtype !== 'float32') return refuse(name, 'is not float32')
    return { name, parts: partsOf(name, adapter, source.weights.get(name) as Constant, scale), inNode: !initializers.has(name) }
  })
}

/**
 * Puts adapters into a written GraphProto: each weight becomes `NAME.base`, and nodes make the old name anew, at the front or behind the
 * `Constant` that holds the weight.
 */
export const withAdapters = (graph: Uint8Array, source: OnnxSource, adapters: WrittenAdapters): readonly Uint8Array[] => {
  const adapted = adaptedWeights(source, adapters)
  const inNodes = new Map(adapted.flatMap(({ name, parts, inNode }) => (inNode ? [[name, parts] as const] : [])))
  const outside = new Set(adapted.flatMap(({ name, inNode }) => (inNode ? [] : [name])))
  const first = fieldsWith(
    adapted.flatMap(({ parts, inNode }) => (inNode ? [] : [parts])),
    1,
  )
  let isPlaced = false
  const nodeEdit = (field: Field): Edit => {
    const message = bytesOf(graph, field)
    const parts = nameIn(message, 4) === 'Constant' ? inNodes.get(nameIn(message, 2)) : undefined
    const kept = [graph.subarray(field.start, field.to)]
    const own =
      parts === undefined ? kept : [...bytesField(1, renamed(message, 2, `${nameIn(message, 2)}.base`)), ...fieldsWith([parts], 1)]
    if (isPlaced) return parts === undefined ? 'keep' : own
    isPlaced = true
    return [...first, ...own]
  }
  const edited = splice(graph, (field) => {
    if (field.number === 1) return nodeEdit(field)
    // An initializer that is an input too is one under its new name alone.
    if (field.number === 11) return outside.has(nameIn(bytesOf(graph, field), 1)) ? 'drop' : 'keep'
    if (field.number !== 5) return 'keep'
    const message = bytesOf(graph, field)
    const name = nameIn(message, 8)
    return outside.has(name) ? bytesField(5, renamed(message, 8, `${name}.base`)) : 'keep'
  })
  return [
    ...edited,
    ...fieldsWith(
      adapted.map(({ parts }) => parts),
      5,
    ),
  ]
}
