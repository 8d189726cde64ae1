import { evaluate, isConstant, isTensor, showOperand, sizeOf, topologicalOrder } from '@grad-ts/tensor'
import type { Constant, FloatDType, Tensor } from '@grad-ts/tensor'
import { OnnxLimitError, OnnxNodeError } from './errors.ts'
import type { OwnOperators } from './own.ts'
import type { Attribute, StoredGraph, StoredNode, StoredTensor } from './ir.ts'

/** What a name in a graph stands for: a tensor, or an ONNX sequence of tensors. */
export type Value = Tensor | readonly Tensor[]

/** What one reading of a graph shares: the dtype of floats, what is left to spend, and what was learnt about the weights. */
export interface Reading {
  readonly float: FloatDType | undefined
  /** Batch normalisation uses the statistics of the batch and hands on new running ones. */
  readonly training: boolean
  /** Elements that constant folding may still compute, and nodes that may still be read. */
  readonly left: { elements: number; nodes: number }
  /** Names of the weights that a constant was computed from. */
  readonly origins: WeakMap<Tensor, readonly string[]>
  /** The element types that integers have in the file, where they are known: here all of them are int32. */
  readonly types: WeakMap<Tensor, number>
  /** Weights whose values decide shapes, with the node that reads them so. */
  readonly structural: Map<string, StoredNode>
  /** New running statistics by the name of the old ones. */
  readonly statistics: Map<string, Tensor>
  /** Operators that the reader of the file defines. */
  readonly own: OwnOperators
  /** Where random operators draw from; without one every run draws the same numbers. */
  readonly key: Tensor | undefined
  /** How many times was drawn. */
  readonly drawn: { count: number }
  readonly tensorOf: (stored: StoredTensor) => Constant
}

/** One use of an operator: what its converter may ask. */
export interface Call {
  readonly node: StoredNode
  /** The version of the operator set that the node was written for. */
  readonly opset: number
  readonly values: readonly (Value | undefined)[]
  readonly reading: Reading
  /** The attributes of the function around the node. */
  readonly outer: ReadonlyMap<string, Attribute>
  /** Runs a graph of an attribute inside the scope of the node. */
  readonly run: (graph: StoredGraph, bindings: readonly Value[]) => readonly Value[]
  /** Tells whether a name is a weight of the model. */
  readonly isWeight: (name: string) => boolean
}

/** Turns a node into tensors: one, or one for every output. */
export type Converter = (call: Call) => Tensor | readonly (Value | undefined)[]

const isList = (value: Value): value is readonly Tensor[] => !isTensor(value)

const showValue = (value: Value | undefined): string =>
  value === undefined ? '(unknown)' : isList(value) ? `sequence of ${value.length}` : showOperand(value)

const showInputs = ({ node, values, isWeight }: Call): string[] =>
  node.inputs.flatMap((name, i) => (name === '' ? [] : [`${isWeight(name) ? 'weight ' : ''}'${name}' ${showValue(values[i])}`]))

/** Refuses a node; the message names it, its op and its inputs. */
export const fail = (call: Call, reason: string, cause?: unknown): never => {
  throw new OnnxNodeError(call.node.name, call.node.op, showInputs(call), reason, cause)
}

/** Tells whether an input is there. */
export const has = (call: Call, i: number): boolean => call.values[i] !== undefined

/** A tensor input that must be there. */
export const tensorAt = (call: Call, i: number): Tensor => {
  const value = call.values[i]
  if (value === undefined) return fail(call, `input ${i} is missing`)
  return isList(value) ? fail(call, `input ${i}: expected a tensor, got a sequence`) : value
}

export const optionalAt = (call: Call, i: number): Tensor | undefined => (has(call, i) ? tensorAt(call, i) : undefined)

/** The element type that an input has in the file, where it is known. */
export const elementTypeAt = (call: Call, i: number): number | undefined => {
  const value = optionalAt(call, i)
  return value === undefined ? undefined : call.reading.types.get(value)
}

export const tensorsAt = (call: Call): Tensor[] => call.node.inputs.map((_, i) => tensorAt(call, i))

export const sequenceAt = (call: Call, i: number): readonly Tensor[] => {
  const value = call.values[i]
  return value === undefined || !isList(value) ? fail(call, `input ${i}: expected a sequence of tensors`) : value
}

const heavy = new Set(['matmul', 'conv', 'convTranspose', 'convInputGradient', 'convKernelGradient'])

/** What the reference interpreter would spend on a tensor, in elements, its constants left out. */
export const costOf = (tensors: readonly Tensor[]): number =>
  topologicalOrder(tensors).reduce((total, tensor) => {
    if (isConstant(tensor)) return total
    const inner = heavy.has(tensor.op) ? Math.max(1, ...tensor.inputs.map(({ shape }) => sizeOf(shape) / (shape[0] ?? 1))) : 1
    return total + sizeOf(tensor.shape) * inner + tensor.inputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  }, 0)

const leavesOf = (tensor: Tensor): Tensor[] => topologicalOrder([tensor]).filter(({ inputs }) => inputs.length === 0)

/** Computes a tensor that depends on constants alone; `undefined` for any other. */
export const known = (reading: Reading, tensor: Tensor): Constant | undefined => {
  if (isConstant(tensor)) return tensor
  const leaves = leavesOf(tensor)
  if (!leaves.every(isConstant)) return undefined
  const cost = costOf([tensor])
  if (cost > reading.left.elements)
    throw new OnnxLimitError(
      `computing a constant of shape [${tensor.shape.join(', ')}] would take ${cost} elements, more than a model of this size may need`,
    )
  reading.left.elements -= cost
  return evaluate(tensor) as Constant
}

const markStructural = (call: Call, tensor: Tensor): void => {
  for (const leaf of leavesOf(tensor)) for (const name of call.reading.origins.get(leaf) ?? []) call.reading.structural.set(name, call.node)
}

/** The elements of an input whose value must be known when the model is read. */
export const constantAt = (call: Call, i: number): Constant => {
  const tensor = tensorAt(call, i)
  markStructural(call, tensor)
  const constant = known(call.reading, tensor)
  if (constant !== undefined) return constant
  const cause = leavesOf(tensor).find((leaf) => !isConstant(leaf)) as Tensor<'input'>
  return fail(
    call,
    `the value of input '${call.node.inputs[i]}' must be known when the model is read, but it depends on '${cause.attributes.name}'; shapes are static here: fix it with { values: … }, or end the model before the node with { outputs: … }`,
  )
}

export const numbersAt = (call: Call, i: number): number[] => Array.from(constantAt(call, i).attributes.data)

export const optionalNumbersAt = (call: Call, i: number): number[] | undefined => (has(call, i) ? numbersAt(call, i) : undefined)

/** A single number that must be known. */
export const numberAt = (call: Call, i: number): number => {
  const values = numbersAt(call, i)
  return values.length === 1 ? (values[0] as number) : fail(call, `input ${i}: expected one number, got ${values.length}`)
}

const attribute = (call: Call, name: string): Attribute | undefined => {
  const found = call.node.attributes.get(name)
  return found?.tag === 'reference' ? call.outer.get(found.value) : found
}

const typed =
  <Tag extends Attribute['tag']>(tag: Tag) =>
  (call: Call, name: string): Extract<Attribute, { tag: Tag }> | undefined => {
    const found = attribute(call, name)
    if (found === undefined) return undefined
    return found.tag === tag
      ? (found as Extract<Attribute, { tag: Tag }>)
      : fail(call, `attribute '${name}': expected ${tag}, got ${found.tag}`)
  }

const ints = typed('ints')
const floats = typed('floats')
const int = typed('int')
const float = typed('float')
const string = typed('string')
const strings = typed('strings')
const tensor = typed('tensor')
const graph = typed('graph')

export const intsAttribute = (call: Call, name: string): readonly number[] | undefined => ints(call, name)?.value
export const floatsAttribute = (call: Call, name: string): readonly number[] | undefined => floats(call, name)?.value
export const intAttribute = (call: Call, name: string, fallback: number): number => int(call, name)?.value ?? fallback
export const optionalInt = (call: Call, name: string): number | undefined => int(call, name)?.value
export const floatAttribute = (call: Call, name: string, fallback: number): number => float(call, name)?.value ?? fallback
export const optionalFloat = (call: Call, name: string): number | undefined => float(call, name)?.value
export const stringAttribute = (call: Call, name: string, fallback: string): string => string(call, name)?.value ?? fallback
export const stringsAttribute = (call: Call, name: string): readonly string[] | undefined => strings(call, name)?.value
export const tensorAttribute = (call: Call, name: string): StoredTensor | undefined => tensor(call, name)?.value
export const graphAttribute = (call: Call, name: string): StoredGraph =>
  graph(call, name)?.value ?? fail(call, `attribute '${name}' is missing; expected a graph`)

/** How many outputs the node has. */
export const outputCount = (call: Call): number => call.node.outputs.length
