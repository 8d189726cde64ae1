import { OnnxFormatError, OnnxLimitError } from './errors.ts'
import type {
  Attribute,
  Declaration,
  Dimension,
  StoredFunction,
  StoredGraph,
  StoredModel,
  StoredNode,
  StoredTensor,
  TensorData,
} from './ir.ts'
import { bytesOf, fieldsOf, floatOf, integerOf, pushFloats, pushIntegers, stringOf } from './wire.ts'
import type { Field } from './wire.ts'

const deepest = 32

/** Walks a message and hands every field with a handler to it. */
const walk = (bytes: Uint8Array, handlers: Readonly<Record<number, (field: Field) => void>>): void => {
  for (const field of fieldsOf(bytes)) handlers[field.number]?.(field)
}

const entryOf = (bytes: Uint8Array): readonly [string, string] => {
  let key = ''
  let value = ''
  walk(bytes, { 1: (field) => (key = stringOf(bytes, field)), 2: (field) => (value = stringOf(bytes, field)) })
  return [key, value]
}

const externalOf = (entries: ReadonlyMap<string, string>): TensorData => {
  const length = entries.get('length')
  return {
    tag: 'external',
    location: entries.get('location') ?? '',
    offset: Number(entries.get('offset') ?? 0),
    length: length === undefined ? undefined : Number(length),
  }
}

/** Reads a TensorProto; its elements stay where they are. */
export const tensorOf = (bytes: Uint8Array): StoredTensor => {
  let name = ''
  let type = 0
  let raw: Uint8Array | undefined
  let isExternal = false
  const shape: number[] = []
  const values: number[] = []
  const entries = new Map<string, string>()
  const integers = (field: Field): void => pushIntegers(bytes, field, values)
  walk(bytes, {
    1: (field) => pushIntegers(bytes, field, shape),
    2: (field) => (type = integerOf(bytes, field)),
    4: (field) => pushFloats(bytes, field, 4, values),
    5: integers,
    7: integers,
    8: (field) => (name = stringOf(bytes, field)),
    9: (field) => (raw = bytesOf(bytes, field)),
    10: (field) => pushFloats(bytes, field, 8, values),
    11: integers,
    13: (field) => entries.set(...entryOf(bytesOf(bytes, field))),
    14: (field) => (isExternal = integerOf(bytes, field) === 1),
  })
  const data: TensorData = isExternal ? externalOf(entries) : raw === undefined ? { tag: 'values', values } : { tag: 'raw', bytes: raw }
  return { name, type, shape, data }
}

const kinds = ['', 'float', 'int', 'string', 'tensor', 'graph', 'floats', 'ints', 'strings'] as const

const attributeOf = (bytes: Uint8Array, depth: number): readonly [string, Attribute] => {
  let name = ''
  let reference = ''
  let kind = 0
  let last = 0
  let float = 0
  let int = 0
  let text = ''
  let tensor: StoredTensor | undefined
  let graph: StoredGraph | undefined
  const floats: number[] = []
  const ints: number[] = []
  const strings: string[] = []
  // Files of the first IR versions leave the kind out; then the field that is there tells it.
  const seen =
    (code: number, read: (field: Field) => void) =>
    (field: Field): void => {
      last = code
      read(field)
    }
  walk(bytes, {
    1: (field) => (name = stringOf(bytes, field)),
    2: seen(1, (field) => (float = floatOf(bytes, field))),
    3: seen(2, (field) => (int = integerOf(bytes, field))),
    4: seen(3, (field) => (text = stringOf(bytes, field))),
    5: seen(4, (field) => (tensor = tensorOf(bytesOf(bytes, field)))),
    6: seen(5, (field) => (graph = graphOf(bytesOf(bytes, field), depth + 1))),
    7: seen(6, (field) => pushFloats(bytes, field, 4, floats)),
    8: seen(7, (field) => pushIntegers(bytes, field, ints)),
    9: seen(8, (field) => void strings.push(stringOf(bytes, field))),
    20: (field) => (kind = integerOf(bytes, field)),
    21: (field) => (reference = stringOf(bytes, field)),
  })
  const build = (): Attribute => {
    if (reference !== '') return { tag: 'reference', value: reference }
    switch (kinds[kind === 0 ? last : kind]) {
      case 'float':
        return { tag: 'float', value: float }
      case 'int':
        return { tag: 'int', value: int }
      case 'string':
        return { tag: 'string', value: text }
      case 'tensor':
        return tensor === undefined ? { tag: 'other' } : { tag: 'tensor', value: tensor }
      case 'graph':
        return graph === undefined ? { tag: 'other' } : { tag: 'graph', value: graph }
      case 'floats':
        return { tag: 'floats', value: floats }
      case 'ints':
        return { tag: 'ints', value: ints }
      case 'strings':
        return { tag: 'strings', value: strings }
      default:
        return { tag: 'other' }
    }
  }
  return [name, build()]
}

const domainOf = (domain: string): string => (domain === 'ai.onnx' ? '' : domain)

const nodeOf = (bytes: Uint8Array, position: number, depth: number): StoredNode => {
  let name = ''
  let op = ''
  let domain = ''
  const inputs: string[] = []
  const outputs: string[] = []
  const attributes = new Map<string, Attribute>()
  walk(bytes, {
    1: (field) => void inputs.push(stringOf(bytes, field)),
    2: (field) => void outputs.push(stringOf(bytes, field)),
    3: (field) => (name = stringOf(bytes, field)),
    4: (field) => (op = stringOf(bytes, field)),
    5: (field) => void attributes.set(...attributeOf(bytesOf(bytes, field), depth)),
    7: (field) => (domain = domainOf(stringOf(bytes, field))),
  })
  return { name: name === '' ? `${op}#${position}` : name, op, domain, inputs, outputs, attributes }
}

const dimensionOf = (bytes: Uint8Array): Dimension => {
  let dimension: Dimension = null
  walk(bytes, {
    1: (field) => (dimension = integerOf(bytes, field)),
    2: (field) => (dimension = stringOf(bytes, field)),
  })
  // Some exporters write an unknown length as −1 or as an empty or "?" name.
  return dimension === '' || dimension === '?' || (typeof dimension === 'number' && dimension < 0) ? null : dimension
}

const shapeOf = (bytes: Uint8Array): Dimension[] => {
  const dimensions: Dimension[] = []
  walk(bytes, { 1: (field) => void dimensions.push(dimensionOf(bytesOf(bytes, field))) })
  return dimensions
}

const declarationOf = (bytes: Uint8Array): Declaration => {
  let name = ''
  let type = 0
  let shape: Dimension[] | undefined
  const tensorType = (part: Uint8Array): void =>
    walk(part, { 1: (field) => (type = integerOf(part, field)), 2: (field) => (shape = shapeOf(bytesOf(part, field))) })
  const typeOf = (part: Uint8Array): void => walk(part, { 1: (field) => tensorType(bytesOf(part, field)) })
  walk(bytes, { 1: (field) => (name = stringOf(bytes, field)), 2: (field) => typeOf(bytesOf(bytes, field)) })
  return { name, type, shape }
}

const graphOf = (bytes: Uint8Array, depth: number): StoredGraph => {
  if (depth > deepest) throw new OnnxLimitError(`the model nests graphs more than ${deepest} deep`)
  let name = ''
  const nodes: StoredNode[] = []
  const initializers: StoredTensor[] = []
  const inputs: Declaration[] = []
  const outputs: Declaration[] = []
  walk(bytes, {
    1: (field) => void nodes.push(nodeOf(bytesOf(bytes, field), nodes.length, depth)),
    2: (field) => (name = stringOf(bytes, field)),
    5: (field) => void initializers.push(tensorOf(bytesOf(bytes, field))),
    11: (field) => void inputs.push(declarationOf(bytesOf(bytes, field))),
    12: (field) => void outputs.push(declarationOf(bytesOf(bytes, field))),
  })
  return { name, nodes, initializers, inputs, outputs }
}

const opsetOf = (bytes: Uint8Array): readonly [string, number] => {
  let domain = ''
  let version = 0
  walk(bytes, { 1: (field) => (domain = domainOf(stringOf(bytes, field))), 2: (field) => (version = integerOf(bytes, field)) })
  return [domain, version]
}

const functionOf = (bytes: Uint8Array): StoredFunction => {
  let name = ''
  let domain = ''
  const inputs: string[] = []
  const outputs: string[] = []
  const defaults = new Map<string, Attribute>()
  const nodes: StoredNode[] = []
  const opsets = new Map<string, number>()
  walk(bytes, {
    1: (field) => (name = stringOf(bytes, field)),
    4: (field) => void inputs.push(stringOf(bytes, field)),
    5: (field) => void outputs.push(stringOf(bytes, field)),
    7: (field) => void nodes.push(nodeOf(bytesOf(bytes, field), nodes.length, 0)),
    9: (field) => void opsets.set(...opsetOf(bytesOf(bytes, field))),
    10: (field) => (domain = domainOf(stringOf(bytes, field))),
    11: (field) => void defaults.set(...attributeOf(bytesOf(bytes, field), 0)),
  })
  return { name, domain, inputs, outputs, defaults, nodes, opsets }
}

/**
 * Reads the bytes of a ModelProto. Weights stay views into the bytes.
 *
 * @throws {OnnxFormatError} when the bytes are not a protobuf message or hold no graph
 */
export const decodeModel = (bytes: Uint8Array): StoredModel => {
  let irVersion = 0
  let producer = ''
  let graph: StoredGraph | undefined
  const opsets = new Map<string, number>()
  const metadata = new Map<string, string>()
  const functions: StoredFunction[] = []
  walk(bytes, {
    1: (field) => (irVersion = integerOf(bytes, field)),
    2: (field) => (producer = stringOf(bytes, field)),
    7: (field) => (graph = graphOf(bytesOf(bytes, field), 0)),
    8: (field) => void opsets.set(...opsetOf(bytesOf(bytes, field))),
    14: (field) => void metadata.set(...entryOf(bytesOf(bytes, field))),
    25: (field) => void functions.push(functionOf(bytesOf(bytes, field))),
  })
  if (graph === undefined) throw new OnnxFormatError('not a valid ONNX file: it holds no graph')
  if (irVersion < 3) throw new OnnxFormatError(`IR version ${irVersion}: expected 3 or more; save the model again with a newer exporter`)
  return { irVersion, producer, opsets, metadata, graph, functions }
}
