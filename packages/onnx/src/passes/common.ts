import { node as makeNode } from '@grad-ts/tensor'
import type { OpName, Tensor } from '@grad-ts/tensor'
import type { Make } from './rule.ts'

// JSON has no −0, NaN or infinities.
const exact = (_: string, value: unknown): unknown =>
  typeof value === 'number' && (Object.is(value, -0) || !Number.isFinite(value)) ? String(Object.is(value, -0) ? '-0' : value) : value

const opaque: ReadonlySet<OpName> = new Set(['input', 'scan', 'checkpoint'])

/** Keeps one node of those that compute the same. */
export interface Pool {
  readonly make: Make
  /** Gives the kept node for one that was made elsewhere from kept operands. */
  readonly keep: (node: Tensor) => Tensor
}

const createNumbers = (): ((of: object) => number) => {
  const numbers = new WeakMap<object, number>()
  let next = 0
  return (of) => {
    const known = numbers.get(of) ?? next++
    numbers.set(of, known)
    return known
  }
}

/** Makes an empty pool; with `share` off every node stays its own. */
export const createPool = (share: boolean): Pool => {
  const numberOf = createNumbers()
  const kept = new Map<string, Tensor>()
  const keyOf = (node: Tensor): string => {
    if (node.op !== 'constant') return `${node.op}(${node.inputs.map(numberOf).join()})${JSON.stringify(node.attributes, exact)}`
    const { data, shape, dtype } = (node as Tensor<'constant'>).attributes
    return `${dtype}[${shape.join()}]${data.length <= 16 ? JSON.stringify(Array.from(data), exact) : numberOf(data)}`
  }
  const keep = (node: Tensor): Tensor => {
    if (!share || opaque.has(node.op)) return node
    const key = keyOf(node)
    const known = kept.get(key) ?? node
    kept.set(key, known)
    return known
  }
  return { keep, make: (op, inputs, attributes) => keep(makeNode(op, inputs, attributes)) }
}
