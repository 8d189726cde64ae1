import { OnnxGraphError, OnnxOpError } from './errors.ts'
import type { StoredFunction, StoredGraph, StoredModel, StoredNode } from './ir.ts'
import { explainUnknown, isReadable } from './ops/table.ts'
import { ownOperator } from './own.ts'
import type { OwnOperators } from './own.ts'
import { functionKey } from './run.ts'

const subgraphsOf = (node: StoredNode): StoredGraph[] =>
  [...node.attributes.values()].flatMap((attribute) => (attribute.tag === 'graph' ? [attribute.value] : []))

const define = (defined: Set<string>, name: string, where: string): void => {
  if (defined.has(name))
    throw new OnnxGraphError(name, `'${name}' is defined twice (again by ${where}); every name in a graph must be unique`)
  defined.add(name)
}

/** Follows the nodes that wait for each other until one comes back. */
const cycleThrough = (first: StoredNode, producers: ReadonlyMap<string, StoredNode>): StoredNode[] | undefined => {
  const trail = [first]
  const dead = new Set<StoredNode>()
  while (trail.length > 0) {
    const at = trail.at(-1) as StoredNode
    const next = at.inputs.map((name) => producers.get(name)).find((node) => node !== undefined && !dead.has(node))
    if (next === undefined) {
      dead.add(at)
      trail.pop()
    } else if (trail.includes(next)) return trail.slice(trail.indexOf(next))
    else trail.push(next)
  }
  return undefined
}

const undefinedName = (node: StoredNode, name: string, producers: ReadonlyMap<string, StoredNode>): never => {
  const producer = producers.get(name)
  if (producer === undefined)
    throw new OnnxGraphError(
      name,
      `node '${node.name}' (${node.op}) reads '${name}', but no input, initializer or node of the graph gives it; is the weight missing from the file?`,
    )
  const cycle = cycleThrough(node, producers)
  if (cycle === undefined)
    throw new OnnxGraphError(
      node.name,
      `node '${node.name}' (${node.op}) reads '${name}', which the later node '${producer.name}' gives; nodes must be in topological order`,
    )
  throw new OnnxGraphError(
    node.name,
    `the graph has a cycle: ${[...cycle, cycle[0] as StoredNode].map(({ name: part }) => `'${part}'`).join(' reads from ')}`,
  )
}

const checkNodes = (nodes: readonly StoredNode[], defined: Set<string>, outer: ReadonlySet<string>): void => {
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  for (const node of nodes) {
    for (const name of node.inputs) if (name !== '' && !defined.has(name) && !outer.has(name)) undefinedName(node, name, producers)
    const visible = subgraphsOf(node).length === 0 ? outer : new Set([...outer, ...defined])
    for (const graph of subgraphsOf(node)) checkGraph(graph, visible)
    for (const name of node.outputs) if (name !== '') define(defined, name, `node '${node.name}' (${node.op})`)
  }
}

const checkOutputs = (names: readonly string[], defined: ReadonlySet<string>, outer: ReadonlySet<string>): void => {
  for (const name of names)
    if (!defined.has(name) && !outer.has(name)) throw new OnnxGraphError(name, `the graph's output '${name}' is given by no node`)
}

const checkGraph = (graph: StoredGraph, outer: ReadonlySet<string>): void => {
  const defined = new Set<string>()
  for (const { name } of graph.inputs) define(defined, name, 'a graph input')
  const initializers = new Set<string>()
  for (const { name } of graph.initializers) {
    define(initializers, name, 'an initializer')
    defined.add(name)
  }
  checkNodes(graph.nodes, defined, outer)
  checkOutputs(
    graph.outputs.map(({ name }) => name),
    defined,
    outer,
  )
}

const checkFunction = (called: StoredFunction): void => {
  const defined = new Set(called.inputs)
  checkNodes(called.nodes, defined, new Set())
  checkOutputs(called.outputs, defined, new Set())
}

/**
 * Checks the names of a whole model before anything is computed: they are unique, and defined before they are read.
 *
 * @throws {OnnxGraphError} naming the node
 */
export const checkModel = ({ graph, functions }: StoredModel): void => {
  checkGraph(graph, new Set())
  for (const called of functions) checkFunction(called)
}

/**
 * Checks that every operator that some nodes use, in graphs inside them and functions they call too, can be read.
 *
 * @throws {OnnxOpError} naming the node
 */
export const checkOperators = (nodes: readonly StoredNode[], { functions }: StoredModel, own: OwnOperators): void => {
  const bodies = new Map(functions.map((called) => [functionKey(called.domain, called.name), called.nodes]))
  const seen = new Set<string>()
  const check = (node: StoredNode): void => {
    for (const { nodes: inner } of subgraphsOf(node)) inner.forEach(check)
    const key = functionKey(node.domain, node.op)
    if (ownOperator(own, node) !== undefined || seen.has(key)) return
    seen.add(key)
    const body = bodies.get(key)
    if (body !== undefined) body.forEach(check)
    else if (!isReadable(node)) throw new OnnxOpError(node.name, node.op, explainUnknown(node))
  }
  nodes.forEach(check)
}
