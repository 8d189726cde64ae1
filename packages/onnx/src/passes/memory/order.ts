import type { Ledger, Line } from './ledger.ts'
import { createStore } from './store.ts'

/** Depth first from the outputs, operands in the order in which a node lists them. */
const onDemand = ({ lines }: Ledger, outputs: readonly number[]): number[] => {
  const order: number[] = []
  const seen = new Uint8Array(lines.length)
  const pending: number[] = []
  for (const output of outputs) {
    pending.push(output)
    while (pending.length > 0) {
      const top = pending.pop() as number
      // A complement marks a line whose operands have been listed.
      if (top < 0) order.push(~top)
      else if (seen[top] === 0) {
        seen[top] = 1
        pending.push(~top)
        const { operands } = lines[top] as Line
        for (let i = operands.length - 1; i >= 0; i--) pending.push(operands[i] as number)
      }
    }
  }
  return order
}

/** An order of the lines, and the most bytes that are alive at once in it. */
export interface Order {
  readonly order: readonly number[]
  readonly peak: number
}

/**
 * The order in which ONNX Runtime runs a graph that was written on demand: it walks back from the nodes that no other reads,
 * the last written first, and at each node goes first to the operand that was written last.
 */
export const runtimeOrder = (ledger: Ledger): Order => {
  const place = new Map(onDemand(ledger, ledger.outputs).map((line, i) => [line, i]))
  const later = (a: number, b: number): number => (place.get(b) as number) - (place.get(a) as number)
  const read = new Set(ledger.lines.flatMap(({ operands }) => operands))
  const lines = ledger.lines.map((line) => ({ ...line, operands: line.operands.toSorted(later) }))
  const ends = [...place.keys()].filter((line) => !read.has(line)).toSorted(later)
  const order = onDemand({ ...ledger, lines }, ends)
  const store = createStore(ledger)
  for (const line of order) store.run(line)
  return { order, peak: store.peak() }
}

/**
 * An order that keeps little alive: on demand, but what frees at least as much as it takes runs as soon as it can.
 *
 * @param outputs the ledger's outputs, those that are known early first
 */
export const frugalOrder = (ledger: Ledger, outputs: readonly number[]): Order => {
  const store = createStore(ledger)
  const order: number[] = []
  const run = (first: number): void => {
    const free = [first]
    for (let i = 0; i < free.length; i++) {
      const line = free[i] as number
      if (i > 0 && !store.isFree(line)) continue
      order.push(line)
      free.push(...store.run(line).filter(store.isFree))
    }
  }
  for (const line of onDemand(ledger, outputs)) if (!store.isDone(line)) run(line)
  return { order, peak: store.peak() }
}
