import { createHash } from 'node:crypto'
import { entries } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { isTensor, topologicalOrder } from '@grad-ts/tensor'
import type { Graph, Tensor } from '@grad-ts/tensor'

/** Names what a value says, whatever object says it. */
type Show = (value: unknown) => string

const showBytes = (view: ArrayBufferView): string => {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  return `${view.constructor.name} ${createHash('sha256').update(bytes).digest('hex')}`
}

interface Body {
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
}

const isBody = (value: object): value is Body =>
  'inputs' in value && 'outputs' in value && Array.isArray(value.outputs) && value.outputs.every(isTensor)

/** Shows plain data, typed arrays by their bytes, and bodies of nodes; keys in order, without those that are undefined. */
export const showValue: Show = (value) => {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? JSON.stringify(value) : String(value)
  if (ArrayBuffer.isView(value)) return showBytes(value)
  if (Array.isArray(value)) return `[${value.map(showValue).join()}]`
  if (isBody(value)) return `{${showNodes(value.inputs, value.outputs).join(';')}}`
  const shown = Object.entries(value).filter(([, member]) => member !== undefined)
  const sorted = shown.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([key, member]) => `${JSON.stringify(key)}:${showValue(member)}`).join()}}`
}

const showType = ({ dtype, shape }: Tensor): string => `${dtype}[${shape.join()}]`

/** Shows nodes in the order of computation, operands by their number; placeholders go by their place, not by their name. */
const showNodes = (inputs: readonly Tensor[], outputs: readonly Tensor[]): string[] => {
  const numbers = new Map(inputs.map((input, i) => [input, i]))
  const lines = inputs.map(showType)
  for (const node of topologicalOrder(outputs)) {
    if (numbers.has(node)) continue
    numbers.set(node, numbers.size)
    const operands = node.inputs.map((operand) => numbers.get(operand)).join()
    lines.push(`${node.op}(${operands})${showValue(node.attributes)}${showType(node)}`)
  }
  return [...lines, ...outputs.map((output) => String(numbers.get(output)))]
}

const pathsOf = (tree: Tree<Tensor>): string => JSON.stringify(entries<Tensor>(tree).map(([path]) => path))

/**
 * Gives what two graphs have in common that compile to the same: ops, attributes, shapes, dtypes, the bytes of constants, the wiring and
 * the names of inputs and outputs; not the objects, nor the order in which they were made.
 */
export const fingerprint = ({ inputs, outputs }: Graph): string => {
  const [given, wanted] = [entries<Tensor>(inputs), entries<Tensor>(outputs)].map((list) => list.map(([, leaf]) => leaf))
  const hash = createHash('sha256')
  for (const line of [pathsOf(inputs), pathsOf(outputs), ...showNodes(given as Tensor[], wanted as Tensor[])])
    hash.update(line).update('\n')
  return hash.digest('hex')
}
