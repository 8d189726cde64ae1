import { evaluate, isConstant, isTensor, sizeOf, topologicalOrder } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { costOf, fail } from './call.ts'
import type { Call, Reading, Value } from './call.ts'
import { isOnnxError, OnnxGraphError, OnnxLimitError } from './errors.ts'
import type { Attribute, StoredFunction, StoredGraph, StoredNode } from './ir.ts'
import { converterOf } from './ops/table.ts'
import { ownConverter, ownOperator } from './own.ts'

/** Names and what they stand for, looked up from the inside out. */
export interface Scope {
  readonly values: Map<string, Value>
  readonly parent: Scope | undefined
}

/** What the nodes of a graph or function are read with. */
export interface Frame {
  readonly reading: Reading
  readonly opsets: ReadonlyMap<string, number>
  readonly functions: ReadonlyMap<string, StoredFunction>
  readonly attributes: ReadonlyMap<string, Attribute>
  readonly isWeight: (name: string) => boolean
  readonly depth: number
}

const deepest = 48

export const functionKey = (domain: string, name: string): string => `${domain}:${name}`

export const lookUp = (scope: Scope | undefined, name: string): Value | undefined => {
  for (let at = scope; at !== undefined; at = at.parent) {
    const value = at.values.get(name)
    if (value !== undefined) return value
  }
  return undefined
}

const originsOf = (reading: Reading, tensors: readonly Tensor[]): string[] => [
  ...new Set(tensors.flatMap((tensor) => reading.origins.get(tensor) ?? [])),
]

// Larger results stay in the graph until somebody needs them: reading a model should not copy its weights.
const foldedElements = 65_536
const foldedCost = 4_194_304

const constantInputs = (call: Call): readonly Constant[] | undefined => {
  // A graph inside the node may read what the node does not name; its own nodes fold by themselves.
  if ([...call.node.attributes.values()].some(({ tag }) => tag === 'graph')) return undefined
  const tensors = call.values.flatMap((value) => value ?? [])
  return tensors.every(isConstant) ? tensors : undefined
}

/** Computes small results of constants at once, so that chains of shapes disappear. */
const fold = (call: Call, output: Value | undefined, inputs: readonly Constant[] | undefined): Value | undefined => {
  if (output === undefined || inputs === undefined || !isTensor(output) || isConstant(output) || sizeOf(output.shape) > foldedElements)
    return output
  // Random numbers follow from a key that is not among the inputs.
  if (topologicalOrder([output]).some(({ op }) => op === 'input')) return output
  const cost = costOf([output])
  if (cost > foldedCost || cost > call.reading.left.elements) return output
  call.reading.left.elements -= cost
  const folded = evaluate(output) as Constant
  // A later demand for a constant's elements asks which weights it came from.
  if (isConstant(folded)) call.reading.origins.set(folded, originsOf(call.reading, inputs))
  return isConstant(folded) ? folded : output
}

const bindAll = (subject: string, names: readonly string[], values: readonly (Value | undefined)[]): Map<string, Value> => {
  if (values.length > names.length && names.length > 0 && values.slice(names.length).some((value) => value !== undefined))
    throw new OnnxGraphError(subject, `'${subject}' takes ${names.length} inputs, got ${values.length}`)
  return new Map(names.flatMap((name, i) => (values[i] === undefined ? [] : [[name, values[i]] as const])))
}

const runFunction = (called: StoredFunction, call: Call, frame: Frame): readonly Value[] => {
  const resolved = [...call.node.attributes].flatMap(([name, value]) => {
    const attribute = value.tag === 'reference' ? frame.attributes.get(value.value) : value
    return attribute === undefined ? [] : [[name, attribute] as const]
  })
  const attributes = new Map([...called.defaults, ...resolved])
  const scope = { values: bindAll(call.node.name, called.inputs, call.values), parent: undefined }
  const inner = { ...frame, opsets: new Map([...frame.opsets, ...called.opsets]), attributes, depth: frame.depth + 1 }
  return runNodes(called.nodes, called.outputs, scope, inner)
}

const convert = (call: Call, frame: Frame): readonly (Value | undefined)[] => {
  const own = ownOperator(frame.reading.own, call.node)
  const called = own === undefined ? frame.functions.get(functionKey(call.node.domain, call.node.op)) : undefined
  if (called !== undefined) return runFunction(called, call, frame)
  const result = (own === undefined ? converterOf(call.node) : ownConverter(own))(call)
  return isTensor(result) ? [result] : (result as readonly (Value | undefined)[])
}

const reasonOf = (error: unknown): string => (error instanceof Error ? (error.message.split('\n    at ')[0] as string) : String(error))

const runNode = (node: StoredNode, scope: Scope, frame: Frame): readonly (Value | undefined)[] => {
  const values = node.inputs.map((name) => (name === '' ? undefined : lookUp(scope, name)))
  const call: Call = {
    node,
    opset: frame.opsets.get(node.domain) ?? frame.opsets.get('') ?? 1,
    values,
    reading: frame.reading,
    outer: frame.attributes,
    run: (graph, bindings) => runGraph(graph, bindings, scope, { ...frame, depth: frame.depth + 1 }),
    isWeight: frame.isWeight,
  }
  const missing = node.inputs.find((name, i) => name !== '' && values[i] === undefined)
  if (missing !== undefined) fail(call, `input '${missing}' has no value; no input, weight or earlier node gives it`)
  try {
    const inputs = constantInputs(call)
    return convert(call, frame).map((output) => fold(call, output, inputs))
  } catch (error) {
    return isOnnxError(error) ? raise(error) : fail(call, reasonOf(error), error)
  }
}

const raise = (error: Error): never => {
  throw error
}

const spend = (frame: Frame): void => {
  if (--frame.reading.left.nodes < 0)
    throw new OnnxLimitError('the model runs too many nodes; a loop in it takes too many turns to be unrolled')
  if (frame.depth > deepest) throw new OnnxLimitError(`the model nests functions and graphs more than ${deepest} deep`)
}

/** Runs nodes in their order and gives the named results. */
export const runNodes = (nodes: readonly StoredNode[], outputs: readonly string[], scope: Scope, frame: Frame): readonly Value[] => {
  for (const node of nodes) {
    spend(frame)
    const results = runNode(node, scope, frame)
    node.outputs.forEach((name, i) => {
      const result = results[i]
      if (name !== '' && result !== undefined) scope.values.set(name, result)
    })
  }
  return outputs.map(
    (name) =>
      lookUp(scope, name) ?? raise(new OnnxGraphError(name, `output '${name}' has no value; its node gives fewer outputs than it names`)),
  )
}

/** Runs a graph inside a scope: its inputs are bound in order, its initializers are constants. */
export const runGraph = (graph: StoredGraph, bindings: readonly Value[], parent: Scope | undefined, frame: Frame): readonly Value[] => {
  const values = bindAll(
    graph.name,
    graph.inputs.map(({ name }) => name),
    bindings,
  )
  for (const stored of graph.initializers) if (!values.has(stored.name)) values.set(stored.name, frame.reading.tensorOf(stored))
  return runNodes(
    graph.nodes,
    graph.outputs.map(({ name }) => name),
    { values, parent },
    frame,
  )
}
