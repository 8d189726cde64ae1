import { entries } from '@grad-ts/tree'
import { showOperand, showShape, topologicalOrder } from '@grad-ts/tensor'
import type { Graph, Tensor } from '@grad-ts/tensor'

const showConstant = ({ attributes: { data, shape } }: Tensor<'constant'>): string => {
  const numbers = Array.from(data.subarray(0, 4)).join(', ')
  return shape.length === 0 ? String(data[0]) : `[${numbers}${data.length > 4 ? ', …' : ''}]`
}

const showValue = (value: unknown): string => {
  if (Array.isArray(value)) return showShape(value as readonly number[])
  if (typeof value === 'object' && value !== null) return '{…}'
  return String(value)
}

// The shape of the result stands at the end of the line already.
const known: ReadonlySet<string> = new Set(['shape', 'dtype'])

const showAttributes = (node: Tensor): string => {
  const shown = Object.entries(node.attributes).filter(([key, value]) => !known.has(key) && value !== false)
  return shown.map(([key, value]) => (value === true ? ` ${key}` : ` ${key}=${showValue(value)}`)).join('')
}

/** Names inputs by their path; other nodes get numbers in the order of computation. */
const namesOf = (order: readonly Tensor[], inputs: Graph['inputs']): ReadonlyMap<Tensor, string> => {
  const names = new Map(entries<Tensor>(inputs).map(([path, leaf]) => [leaf, path === '' ? 'input' : path]))
  let next = 0
  for (const node of order)
    if (!names.has(node)) names.set(node, node.op === 'constant' ? showConstant(node as Tensor<'constant'>) : `%${next++}`)
  return names
}

const counted = (order: readonly Tensor[]): string => {
  const counts = new Map<string, number>()
  for (const { op } of order) if (op !== 'input' && op !== 'constant') counts.set(op, (counts.get(op) ?? 0) + 1)
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([op, count]) => `${count} ${op}`)
    .join(', ')
}

/**
 * Shows a graph as text: one line for each node with its operands and its type, then the outputs.
 *
 * @param recomputed nodes that are computed a second time, which their lines then say (default: none)
 * @example
 * import { explainGraph } from '@grad-ts/onnx'
 * import { mul, ones, trace } from '@grad-ts/tensor'
 * explainGraph(trace((x) => mul(x, 2), [ones([3])])).split('\n')[0] // => '%0 = mul(0, 2)   float32[3]'
 */
export const explainGraph = (graph: Graph, recomputed: ReadonlySet<Tensor> = new Set()): string => {
  const outputs = entries<Tensor>(graph.outputs)
  const order = topologicalOrder(outputs.map(([, leaf]) => leaf))
  const names = namesOf(order, graph.inputs)
  const nameOf = (node: Tensor): string => names.get(node) as string
  const lines = order
    .filter(({ op }) => op !== 'input' && op !== 'constant')
    .map((node) => {
      const again = recomputed.has(node) ? '   twice' : ''
      return `${nameOf(node)} = ${node.op}(${node.inputs.map(nameOf).join(', ')})${showAttributes(node)}   ${showOperand(node)}${again}`
    })
  const results = outputs.map(([path, leaf]) => `output ${path === '' ? '' : `${path} `}= ${nameOf(leaf)}   ${showOperand(leaf)}`)
  return [...lines, ...results, counted(order)].join('\n')
}
