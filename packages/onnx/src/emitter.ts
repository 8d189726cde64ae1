import { bufferFrom } from './constants.ts'
import { topologicalOrder } from '@grad-ts/tensor'
import type { DType, Shape, Tensor, TypedArray } from '@grad-ts/tensor'
import type { AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto } from './schema/messages.ts'
import { int64Proto, tensorProto, valueInfo } from './schema/types.ts'

/** Which kernels a graph may use: those of one provider, or only what all of them have. */
export type Target = 'portable' | 'cpu' | 'cuda' | 'webgpu'

/** An attribute value: integers, a string, a subgraph, or a float (marked, because a number alone is an integer). */
export type AttributeValue = number | string | readonly number[] | { readonly float: number } | { readonly graph: GraphProto }

export type Attributes = Readonly<Record<string, AttributeValue>>

const attributeProto = (name: string, value: AttributeValue): AttributeProto => {
  if (typeof value === 'number') return { name, type: 2, i: BigInt(value) }
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) }
  if ('float' in value) return { name, type: 1, f: value.float }
  if ('graph' in value) return { name, type: 5, g: value.graph }
  return { name, type: 7, ints: value.map(BigInt) }
}

/** Collects the nodes and initializers of one ONNX graph. Names are unique over the whole model, subgraphs included. */
export interface Emitter {
  readonly target: Target
  readonly nodes: NodeProto[]
  readonly initializers: TensorProto[]
  /** Types of values that no reader of the model could derive. */
  readonly values: ValueInfoProto[]
  /** Adds a node with one output and gives the output's name. `domain:Op` selects another operator set. */
  readonly add: (op: string, inputs: readonly string[], attributes?: Attributes) => string
  /** Adds a node with named outputs. */
  readonly addNamed: (op: string, inputs: readonly string[], outputs: readonly string[], attributes?: Attributes) => void
  /** Adds an initializer over a buffer. */
  readonly constant: (data: TypedArray, shape: Shape, dtype: DType, name?: string) => string
  /** Adds a scalar initializer, once per value and dtype. */
  readonly scalar: (value: number, dtype: DType) => string
  /** Adds an int64 initializer, once per value: a vector, or a scalar when a number is given. */
  readonly int64: (values: readonly number[] | number) => string
  /** Gives integers that may depend on the batch size (a shape, the bounds of a slice) as an int64 vector. */
  readonly extents: (node: Tensor, read: (node: Tensor) => readonly number[]) => string
  /** Writes down the type of a value that no reader of the model could derive, and gives its name. */
  readonly describe: (name: string, type: Pick<Tensor, 'shape' | 'dtype'>) => string
  /** Reserves a name. */
  readonly name: (hint: string) => string
  /** Writes all nodes that the outputs need, where some have names already, and gives the names of the outputs. */
  readonly lower: (outputs: readonly Tensor[], names: ReadonlyMap<Tensor, string>) => string[]
  /** An emitter for a subgraph: its own nodes, the same names and initializers. */
  readonly subgraph: () => Emitter
}

/** Gives integers of a node as an int64 vector when they depend on the batch size, and nothing when they do not. */
export type DynamicExtents = (emitter: Emitter, node: Tensor, read: (node: Tensor) => readonly number[]) => string | undefined

/** Writes one node; the operands have their names already. */
export type WriteNode = (emitter: Emitter, inputs: readonly string[], node: Tensor) => string

interface Shared {
  readonly lower: WriteNode
  readonly target: Target
  readonly initializers: TensorProto[]
  readonly used: Map<string, number>
  readonly known: Map<string, string>
  readonly dynamic: DynamicExtents
}

const lowerAll = (lower: WriteNode, emitter: Emitter, outputs: readonly Tensor[], names: ReadonlyMap<Tensor, string>): string[] => {
  const known = new Map(names)
  for (const node of topologicalOrder(outputs)) {
    if (known.has(node)) continue
    const inputs = node.inputs.map((operand) => known.get(operand) as string)
    known.set(node, lower(emitter, inputs, node))
  }
  return outputs.map((output) => known.get(output) as string)
}

const emitterOver = (shared: Shared): Emitter => {
  const nodes: NodeProto[] = []
  const values: ValueInfoProto[] = []
  const name = (hint: string): string => {
    const count = shared.used.get(hint) ?? 0
    shared.used.set(hint, count + 1)
    return count === 0 ? hint : name(`${hint}_${count}`)
  }
  const once = (key: string, make: () => string): string => {
    const known = shared.known.get(key) ?? make()
    shared.known.set(key, known)
    return known
  }
  const initialize = (initializer: TensorProto): string => {
    shared.initializers.push(initializer)
    return initializer.name as string
  }
  const addNamed: Emitter['addNamed'] = (op, input, output, attributes = {}) => {
    const [domain, opType] = op.includes(':') ? (op.split(':') as [string, string]) : ['', op]
    const attribute = Object.entries(attributes).map(([key, value]) => attributeProto(key, value))
    nodes.push({ name: output[0] as string, opType, domain, input, output, attribute })
  }
  const int64: Emitter['int64'] = (values) => {
    const list = typeof values === 'number' ? [values] : values
    const shape = typeof values === 'number' ? [] : [list.length]
    return once(`int64:${shape.length}:${list.join()}`, () => initialize(int64Proto(name('int64'), list, shape)))
  }
  const emitter: Emitter = {
    target: shared.target,
    nodes,
    initializers: shared.initializers,
    values,
    describe: (described, { shape, dtype }) => {
      values.push(valueInfo(described, shape, dtype))
      return described
    },
    name,
    addNamed,
    int64,
    add: (op, inputs, attributes) => {
      const output = name(op.slice(op.indexOf(':') + 1))
      addNamed(op, inputs, [output], attributes)
      return output
    },
    constant: (data, shape, dtype, hint = 'constant') => initialize(tensorProto(name(hint), data, shape, dtype)),
    scalar: (value, dtype) =>
      once(`${dtype}:${Object.is(value, -0) ? '-0' : value}`, () =>
        initialize(tensorProto(name('scalar'), bufferFrom(dtype, value), [], dtype)),
      ),
    extents: (node, read) => shared.dynamic(emitter, node, read) ?? int64(read(node)),
    lower: (outputs, names) => lowerAll(shared.lower, emitter, outputs, names),
    subgraph: () => emitterOver(shared),
  }
  return emitter
}

/** Makes an empty graph; `lower` writes one node. */
export const createEmitterWith = (lower: WriteNode, target: Target, dynamic: DynamicExtents): Emitter =>
  emitterOver({ lower, target, initializers: [], used: new Map(), known: new Map(), dynamic })
