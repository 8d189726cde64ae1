import type { Ledger } from './ledger.ts'
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
      if (top < 0) order.push(~top)
      else if (seen[top] === 0) {
        seen[top] = 1
        pending.push(~top)
        const { operands } = lines[top] as Ledger['lines'][number]
        for (let i = operands.length - 1; i >= 0; i--) pending.push(operands[i] as number)
      }
    }
  }
  return order
}

/**
 * The order in which ONNX Runtime runs a graph that was written on demand: it walks back from the nodes that no other reads,
 * the last written first, and at each node goes first to the operand that was written last.
 */
export const runtimeOrder = (ledger: Ledger): number[] => {
  const written = onDemand(ledger, ledger.outputs)
  const place = new Map(written.map((line, i) => [line, i]))
  const later = (a: number, b: number): number => (place.get(b) as number) - (place.get(a) as number)
  const read = new Set(ledger.lines.flatMap(({ operands }) => operands))
  const lines = ledger.lines.map((line) => ({ ...line, operands: line.operands.toSorted(later) }))
  return onDemand({ ...ledger, lines }, written.filter((line) => !read.has(line)).toSorted(later))
}

/**
 * An order that keeps little alive: on demand, but what frees at least as much as it takes runs as soon as it can.
 *
 * @param outputs the ledger's outputs, those that are known early first
 */
export const frugalOrder = (ledger: Ledger, outputs: readonly number[]): number[] => {
  const store = createStore(ledger)
  const order: number[] = []
  const eager: number[] = []
  const run = (line: number): void => {
    order.push(line)
    for (const next of store.run(line)) if (store.isReady(next) && store.growth(next) <= 0) eager.push(next)
  }
  for (const line of onDemand(ledger, outputs)) {
    if (store.isDone(line)) continue
    run(line)
    for (let next = eager.shift(); next !== undefined; next = eager.shift()) if (!store.isDone(next) && store.growth(next) <= 0) run(next)
  }
  return order
}

/** The most bytes alive at once when lines run in an order, and at which place of it. */
export const peakOf = (ledger: Ledger, order: readonly number[]): { readonly bytes: number; readonly at: number } => {
  const store = createStore(ledger)
  let [bytes, at] = [0, 0]
  order.forEach((line, i) => {
    const needed = store.alive() + store.needs(line)
    if (needed > bytes) [bytes, at] = [needed, i]
    store.run(line)
  })
  return { bytes, at }
}
