/** The element types of ONNX, as numbered in its format. */
export const elementType = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
  uint4: 21,
  int4: 22,
} as const

const names = new Map<number, string>(Object.entries(elementType).map(([name, type]) => [type, name]))

export const showElementType = (type: number): string => names.get(type) ?? `element type ${type}`

/** Where the elements of a tensor lie. */
export type TensorData =
  | { readonly tag: 'raw'; readonly bytes: Uint8Array }
  | { readonly tag: 'values'; readonly values: readonly number[] }
  | { readonly tag: 'external'; readonly location: string; readonly offset: number; readonly length: number | undefined }

/** A tensor as the file holds it. */
export interface StoredTensor {
  readonly name: string
  readonly type: number
  readonly shape: readonly number[]
  readonly data: TensorData
}

export type Attribute =
  | { readonly tag: 'float'; readonly value: number }
  | { readonly tag: 'int'; readonly value: number }
  | { readonly tag: 'string'; readonly value: string }
  | { readonly tag: 'tensor'; readonly value: StoredTensor }
  | { readonly tag: 'graph'; readonly value: StoredGraph }
  | { readonly tag: 'floats'; readonly value: readonly number[] }
  | { readonly tag: 'ints'; readonly value: readonly number[] }
  | { readonly tag: 'strings'; readonly value: readonly string[] }
  | { readonly tag: 'reference'; readonly value: string }
  | { readonly tag: 'other' }

export interface StoredNode {
  /** The node's name, or one made from its op and place. */
  readonly name: string
  readonly op: string
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: ReadonlyMap<string, Attribute>
}

/** A length of a declared shape: known, named or neither. */
export type Dimension = number | string | null

/** A graph input or output as declared; `shape` is absent when the file does not say it. */
export interface Declaration {
  readonly name: string
  readonly type: number
  readonly shape: readonly Dimension[] | undefined
}

export interface StoredGraph {
  readonly name: string
  readonly nodes: readonly StoredNode[]
  readonly initializers: readonly StoredTensor[]
  readonly inputs: readonly Declaration[]
  readonly outputs: readonly Declaration[]
}

export interface StoredFunction {
  readonly name: string
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly defaults: ReadonlyMap<string, Attribute>
  readonly nodes: readonly StoredNode[]
  readonly opsets: ReadonlyMap<string, number>
}

export interface StoredModel {
  readonly irVersion: number
  readonly producer: string
  readonly opsets: ReadonlyMap<string, number>
  readonly metadata: ReadonlyMap<string, string>
  readonly graph: StoredGraph
  readonly functions: readonly StoredFunction[]
}
