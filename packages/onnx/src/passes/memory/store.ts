import type { Ledger, Line } from './ledger.ts'

/** Keeps account of what is alive while lines run. */
export interface Store {
  readonly isDone: (line: number) => boolean
  /** Whether all operands are there. */
  readonly isReady: (line: number) => boolean
  /** Bytes alive now. */
  readonly alive: () => number
  /** Bytes that a line takes while it runs. */
  readonly needs: (line: number) => number
  /** Bytes by which a line would change what is alive. */
  readonly growth: (line: number) => number
  /** Runs a line and gives those that may now have become ready, or cheaper. */
  readonly run: (line: number) => readonly number[]
}

/** Who reads the memory of each line, views left out; and who lists it as an operand. */
const readersOf = ({ lines }: Ledger): { readonly readers: readonly number[][]; readonly followers: readonly number[][] } => {
  const readers: number[][] = lines.map(() => [])
  const followers: number[][] = lines.map(() => [])
  lines.forEach(({ operands, storage }, i) => {
    for (const operand of new Set(operands)) (followers[operand] as number[]).push(i)
    for (const held of new Set(operands.map((operand) => (lines[operand] as Line).storage)))
      if (held !== storage) (readers[held] as number[]).push(i)
  })
  return { readers, followers }
}

export const createStore = (ledger: Ledger): Store => {
  const { lines, outputs } = ledger
  const lineAt = (i: number): Line => lines[i] as Line
  const { readers, followers } = readersOf(ledger)
  const done = new Uint8Array(lines.length)
  const missing = Int32Array.from(lines, ({ operands }) => new Set(operands).size)
  const left = Int32Array.from(readers, (list) => list.length)
  for (const output of outputs) left[lineAt(output).storage] = (left[lineAt(output).storage] as number) + 1
  let alive = 0
  /** Memory that nobody needs once a line has run. */
  const freed = (line: number): number[] => {
    const { operands, storage } = lineAt(line)
    const held = [...new Set(operands.map((operand) => lineAt(operand).storage))]
    return held.filter((one) => one !== storage && left[one] === 1 && lineAt(one).bytes > 0)
  }
  const replaces = ({ inPlace, bytes }: Line, dying: readonly number[]): boolean =>
    inPlace && dying.some((one) => lineAt(one).bytes === bytes)
  const growth = (line: number): number => freed(line).reduce((total, one) => total - lineAt(one).bytes, lineAt(line).bytes)
  const needs = (line: number): number => {
    const { bytes, workspace } = lineAt(line)
    return (replaces(lineAt(line), freed(line)) ? 0 : bytes) + workspace
  }
  const run = (line: number): number[] => {
    alive += growth(line)
    done[line] = 1
    const touched: number[] = []
    for (const next of followers[line] as number[]) {
      missing[next] = (missing[next] as number) - 1
      touched.push(next)
    }
    const { operands, storage } = lineAt(line)
    for (const held of new Set(operands.map((operand) => lineAt(operand).storage))) {
      if (held === storage) continue
      left[held] = (left[held] as number) - 1
      if (left[held] === 1) touched.push(...(readers[held] as number[]).filter((reader) => done[reader] === 0))
    }
    return touched
  }
  return { isDone: (line) => done[line] === 1, isReady: (line) => missing[line] === 0, alive: () => alive, needs, growth, run }
}
