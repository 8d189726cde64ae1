import { isGiven } from './ledger.ts'
import type { Ledger, Line } from './ledger.ts'

/** The longest time that a result lies idle: after one use (or its making) and before the next. Times are places in an order. */
export interface Gap {
  /** The line that makes it. */
  readonly line: number
  readonly length: number
  /** Uses from here on come after the gap. */
  readonly end: number
}

/** When each line's memory is used, in order, its making included. */
const usesOf = ({ lines }: Ledger, order: readonly number[]): ReadonlyMap<number, number[]> => {
  const uses = new Map<number, number[]>()
  order.forEach((line, time) => {
    const { operands, storage } = lines[line] as Line
    if (storage === line) uses.set(line, [time])
    for (const held of new Set(operands.map((operand) => (lines[operand] as Line).storage)))
      if (held !== storage) uses.get(held)?.push(time)
  })
  return uses
}

const gapOf = (line: number, times: readonly number[]): Gap => {
  let gap: Gap = { line, length: 0, end: 0 }
  times.forEach((end, i) => {
    const length = end - (times[i - 1] ?? end)
    if (length > gap.length) gap = { line, length, end }
  })
  return gap
}

/** Finds the gap of every result that the graph computes, and the last use of everything. */
export const findGaps = (ledger: Ledger, order: readonly number[]) => {
  const uses = usesOf(ledger, order)
  const gaps = new Map<number, Gap>()
  const lastUse = new Map<number, number>()
  for (const [line, times] of uses) {
    lastUse.set(line, times.at(-1) as number)
    if (!isGiven(ledger.lines[line] as Line) && times.length > 1) gaps.set(line, gapOf(line, times))
  }
  return { gaps, lastUse }
}
