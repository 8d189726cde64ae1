import { findGaps } from './gaps.ts'
import type { Gap } from './gaps.ts'
import { isGiven } from './ledger.ts'
import type { Ledger, Line } from './ledger.ts'

/** A result that need not be kept over its gap, and what it takes to have it again. */
export interface Candidate {
  readonly line: number
  /** Lines to compute again, itself included. */
  readonly closure: readonly number[]
  /** What these read that is still there. */
  readonly sources: readonly number[]
  /** Work for each byte and step of time that is won. */
  readonly price: number
}

/** What a choice of results to compute again makes of a ledger. */
export interface Draft {
  readonly ledger: Ledger
  /** Work beyond that of the ledger. */
  readonly work: number
}

// A longer chain would be nearly the whole graph.
const longestClosure = 256

const lineIn =
  (lines: readonly Line[]) =>
  (i: number): Line =>
    lines[i] as Line

/** Finds the results of a ledger that may be computed again, the best first; `smallest` counts bytes. */
export const findCandidates = (ledger: Ledger, order: readonly number[], smallest: number): readonly Candidate[] => {
  const lineAt = lineIn(ledger.lines)
  const { gaps, lastUse } = findGaps(ledger, order)
  /** Follows operands back to what is there when the gap ends; nothing when a line cannot be repeated. */
  const candidateOf = ({ line, end, length }: Gap): Candidate | undefined => {
    const [closure, sources] = [new Set<number>(), new Set<number>()]
    const pending = [line]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (closure.has(next) || isGiven(lineAt(next))) continue
      if (lineAt(next).node.op === 'barrier' || closure.size > longestClosure) return undefined
      closure.add(next)
      for (const operand of lineAt(next).operands) {
        const { storage } = lineAt(operand)
        const isThere = storage !== lineAt(next).storage && (lastUse.get(storage) ?? -1) >= end
        if (isThere) sources.add(storage)
        else pending.push(operand)
      }
    }
    const work = [...closure].reduce((total, one) => total + lineAt(one).work, 0)
    return { line, closure: [...closure], sources: [...sources], price: work / (lineAt(line).bytes * length) }
  }
  return [...gaps.values()]
    .filter(({ line, length }) => length > 1 && lineAt(line).bytes >= smallest)
    .flatMap((gap) => candidateOf(gap) ?? [])
    .toSorted((a, b) => a.price - b.price || a.line - b.line)
}

/** Lines that no output needs read nothing. */
const withoutDead = ({ lines, outputs }: Ledger): Ledger => {
  const needed = new Uint8Array(lines.length)
  const pending = [...outputs]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (needed[next] === 1) continue
    needed[next] = 1
    pending.push(...lineIn(lines)(next).operands)
  }
  return { outputs, lines: lines.map((line, i) => (needed[i] === 1 ? line : { ...line, operands: [] })) }
}

/** Writes ledgers in which what was dropped is computed again after its gap. */
export const drafter = (ledger: Ledger, order: readonly number[]): ((dropped: ReadonlySet<number>) => Draft) => {
  const { lines } = ledger
  const lineAt = lineIn(lines)
  const { gaps, lastUse } = findGaps(ledger, order)
  return (dropped) => {
    const changed = [...lines]
    const copies = new Map<number, number>()
    let work = 0
    const isGone = (storage: number, when: number): boolean =>
      dropped.has(storage) ? when >= (gaps.get(storage) as Gap).end : (lastUse.get(storage) ?? -1) < when
    const copyOf = (line: number, when: number): number => {
      const known = copies.get(line)
      if (known !== undefined) return known
      const original = lineAt(line)
      const operands = original.operands.map((operand) => {
        const { storage } = lineAt(operand)
        const isLost = storage === original.storage || dropped.has(storage) || isGone(storage, when)
        return isLost && !isGiven(lineAt(storage)) ? copyOf(operand, when) : operand
      })
      const isView = original.storage !== line
      const storage = isView ? (changed[operands[0] as number] as Line).storage : changed.length
      work += original.work
      copies.set(line, changed.push({ ...original, operands, storage, again: true }) - 1)
      return copies.get(line) as number
    }
    order.forEach((line, when) => {
      const { operands, storage } = lineAt(line)
      const read = operands.map((operand) => {
        const held = lineAt(operand).storage
        return held !== storage && dropped.has(held) && isGone(held, when) ? copyOf(operand, when) : operand
      })
      if (read.some((operand, i) => operand !== operands[i])) changed[line] = { ...lineAt(line), operands: read }
    })
    return { ledger: withoutDead({ lines: changed, outputs: ledger.outputs }), work }
  }
}
