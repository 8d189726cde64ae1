import { drafter, findCandidates } from './again.ts'
import type { Candidate, Draft } from './again.ts'
import type { Ledger, Line } from './ledger.ts'
import { frugalOrder } from './order.ts'

/** A ledger with the order to run it in. */
export interface Schedule {
  readonly ledger: Ledger
  readonly order: readonly number[]
  /** The most bytes alive at once. */
  readonly peak: number
  /** All work, in proportion to that of the plain ledger. */
  readonly work: number
}

/** Results that were dropped, joined where one is computed from another: such a cluster is alive at once. */
const createClusters = (lines: readonly Line[]) => {
  const parents = new Map<number, number>()
  const bytes = new Map<number, number>()
  const rootOf = (one: number): number => {
    const parent = parents.get(one)
    return parent === undefined || parent === one ? one : rootOf(parent)
  }
  const weigh = (members: readonly number[]): number =>
    [...new Set(members.map(rootOf))].reduce((total, root) => total + (bytes.get(root) ?? (lines[root] as Line).bytes), 0)
  const join = (members: readonly number[]): void => {
    const [total, root] = [weigh(members), rootOf(members[0] as number)]
    for (const member of members) parents.set(rootOf(member), root)
    bytes.set(root, total)
  }
  return { weigh, join }
}

/** Drops one candidate after the other, the best first, unless its cluster would outgrow a limit. */
const dropUpTo = (lines: readonly Line[], candidates: readonly Candidate[], limit: number): readonly number[] => {
  const { weigh, join } = createClusters(lines)
  const dropped = new Set<number>()
  const readers = new Map<number, number[]>()
  for (const { line, closure, sources } of candidates) {
    const members = [line, ...closure, ...sources.filter((source) => dropped.has(source)), ...(readers.get(line) ?? [])]
    if (weigh(members) > limit) continue
    join(members)
    dropped.add(line)
    for (const source of sources) readers.set(source, [...(readers.get(source) ?? []), line])
  }
  return [...dropped]
}

// How finely sizes of clusters and shares of the candidates are tried.
const halvings = 8
const shares = 12

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

const choicesOf = (ledger: Ledger, order: readonly number[], smallest: number): readonly (readonly number[])[] => {
  const candidates = findCandidates(ledger, order, smallest)
  const all = sum(candidates.map(({ line }) => (ledger.lines[line] as Line).bytes))
  const lists = Array.from({ length: halvings }, (_, i) => dropUpTo(ledger.lines, candidates, all / 2 ** i))
  const cut = lists.flatMap((list) => Array.from({ length: shares }, (_, i) => list.slice(0, Math.ceil((list.length * (i + 1)) / shares))))
  return [...new Map(cut.filter(({ length }) => length > 0).map((list) => [list.join(), list])).values()]
}

/**
 * Lists ways to run a graph, the plain one first: each keeps other results and computes the rest again. The list does not depend on
 * what it is for, so that a larger budget never costs more.
 */
export const schedulesOf = (ledger: Ledger, outputs: readonly number[]): readonly Schedule[] => {
  const plain = frugalOrder(ledger, outputs)
  const total = Math.max(1, sum(ledger.lines.map(({ work }) => work)))
  const draft = drafter(ledger, plain.order)
  const scheduled = ({ ledger: changed, work }: Draft): Schedule => ({
    ledger: changed,
    ...frugalOrder(changed, outputs),
    work: 1 + work / total,
  })
  // What is smaller than a thousandth of the peak is not worth the ops that hold its copy back.
  const choices = choicesOf(ledger, plain.order, plain.peak / 1000)
  return [{ ledger, ...plain, work: 1 }, ...choices.map((dropped) => scheduled(draft(new Set(dropped))))]
}
