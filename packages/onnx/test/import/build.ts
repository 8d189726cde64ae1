import { encodeModel } from '../../src/schema/codec.ts'
import type { AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto } from '../../src/schema/messages.ts'

/** Values of a tensor in a test model: floats unless a type is named. */
export interface Values {
  readonly type?: 'float' | 'int64' | 'int32' | 'uint8' | 'int8' | 'bool' | 'double' | 'float16'
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

const codes = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10, double: 11 } as const

const arrays = {
  float: (data: readonly number[]) => Float32Array.from(data),
  double: (data: readonly number[]) => Float64Array.from(data),
  int32: (data: readonly number[]) => Int32Array.from(data),
  int64: (data: readonly number[]) => BigInt64Array.from(data, (value) => BigInt(value)),
  uint8: (data: readonly number[]) => Uint8Array.from(data),
  int8: (data: readonly number[]) => Int8Array.from(data),
  bool: (data: readonly number[]) => Uint8Array.from(data),
  float16: (data: readonly number[]) => Uint16Array.from(data),
}

export const tensorProto = (name: string, { type = 'float', shape, data }: Values): TensorProto => {
  const array = arrays[type](data)
  return { name, dims: shape.map(BigInt), dataType: codes[type], rawData: new Uint8Array(array.buffer, array.byteOffset, array.byteLength) }
}

export type AttributeValue =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | Values
  | { readonly graph: Graph }

const encoder = new TextEncoder()

const attribute = (name: string, value: AttributeValue): AttributeProto => {
  if (typeof value === 'number') return { name, type: 2, i: BigInt(value) }
  if (typeof value === 'string') return { name, type: 3, s: encoder.encode(value) }
  if (Array.isArray(value))
    return typeof value[0] === 'string'
      ? { name, type: 8, strings: (value as readonly string[]).map((text) => encoder.encode(text)) }
      : { name, type: 7, ints: (value as readonly number[]).map(BigInt) }
  if ('float' in value) return { name, type: 1, f: value.float }
  if ('floats' in value) return { name, type: 6, floats: value.floats }
  if ('graph' in value) return { name, type: 5, g: graphProto(value.graph) }
  return { name, type: 4, t: tensorProto('', value as Values) }
}

export interface Node {
  readonly op: string
  readonly name?: string
  readonly domain?: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes?: Readonly<Record<string, AttributeValue>>
}

export interface Port {
  readonly type?: Values['type']
  readonly shape: readonly (number | string)[]
}

export interface Graph {
  readonly nodes: readonly Node[]
  readonly inputs?: Readonly<Record<string, Port>>
  readonly outputs: readonly string[] | Readonly<Record<string, Port>>
  readonly weights?: Readonly<Record<string, Values>>
}

const nodeProto = ({ op, name = '', domain = '', inputs, outputs, attributes = {} }: Node): NodeProto => ({
  opType: op,
  name,
  domain,
  input: inputs,
  output: outputs,
  attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
})

const info = (name: string, { type = 'float', shape }: Port): ValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType: codes[type],
      shape: { dim: shape.map((length) => (typeof length === 'string' ? { dimParam: length } : { dimValue: BigInt(length) })) },
    },
  },
})

const graphProto = ({ nodes, inputs = {}, outputs, weights = {} }: Graph): GraphProto => ({
  name: 'graph',
  node: nodes.map(nodeProto),
  input: Object.entries(inputs).map(([name, port]) => info(name, port)),
  output: Array.isArray(outputs)
    ? outputs.map((name: string) => ({ name }))
    : Object.entries(outputs).map(([name, port]) => info(name, port)),
  initializer: Object.entries(weights).map(([name, values]) => tensorProto(name, values)),
})

/** The bytes of a small model. */
export const model = (graph: Graph, opset = 17): Uint8Array =>
  encodeModel({
    irVersion: 8n,
    graph: graphProto(graph),
    opsetImport: [
      { domain: '', version: BigInt(opset) },
      { domain: 'com.microsoft', version: 1n },
    ],
  })

/** A generator of numbers in −1 … 1 that repeats. */
export const noise = (seed: number): (() => number) => {
  let state = seed * 2654435761 + 1
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state / 2 ** 31
  }
}

/** Noise in a shape. */
export const random = (shape: readonly number[], seed = 1): Values => {
  const next = noise(seed)
  return { shape, data: Array.from({ length: shape.reduce((size, length) => size * length, 1) }, () => Math.fround(next())) }
}

/** Whole numbers from low on, below high. */
export const whole = (
  type: 'uint8' | 'int8' | 'int32' | 'int64',
  shape: readonly number[],
  [low, high]: readonly [number, number],
  seed = 1,
): Values => ({
  type,
  shape,
  data: random(shape, seed).data.map((value) => low + Math.floor(((value + 1) / 2) * (high - low) * 0.9999)),
})

/** A tensor of no axes. */
export const scalar = (value: number, type: Values['type'] = 'int64'): Values => ({
  type: type as NonNullable<Values['type']>,
  shape: [],
  data: [value],
})

export const positive = (values: Values): Values => ({ ...values, data: values.data.map((value) => Math.fround(Math.abs(value) + 0.3)) })

export const int64 = (...data: readonly number[]): Values => ({ type: 'int64', shape: [data.length], data })
