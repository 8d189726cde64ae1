import type { Ledger, Line } from './ledger.ts'

/** Keeps account of what is alive while lines run. */
export interface Store {
  readonly isDone: (line: number) => boolean
  /** Whether a line could run now and would leave no more alive than before. */
  readonly isFree: (line: number) => boolean
  /** Runs a line and gives those that may now have become free. */
  readonly run: (line: number) => readonly number[]
  /** The most bytes that were alive at once. */
  readonly peak: () => number
}

const distinct = (numbers: readonly number[]): readonly number[] =>
  numbers.length < 2 || (numbers.length === 2 && numbers[0] !== numbers[1]) ? numbers : [...new Set(numbers)]

/** An empty store: nothing has run. */
export const createStore = ({ lines, outputs }: Ledger): Store => {
  const lineAt = (i: number): Line => lines[i] as Line
  const operands = lines.map((line) => distinct(line.operands))
  // Memory that a line reads: that of its operands, but for the one whose memory it hands on.
  const reads = lines.map(({ storage }, i) =>
    distinct((operands[i] as readonly number[]).map((operand) => lineAt(operand).storage)).filter((held) => held !== storage),
  )
  const followers: number[][] = lines.map(() => [])
  const readers: number[][] = lines.map(() => [])
  operands.forEach((list, i) => list.forEach((operand) => (followers[operand] as number[]).push(i)))
  reads.forEach((list, i) => list.forEach((held) => (readers[held] as number[]).push(i)))
  const done = new Uint8Array(lines.length)
  const missing = Int32Array.from(operands, (list) => list.length)
  const left = Int32Array.from(readers, (list) => list.length)
  for (const output of outputs) left[lineAt(output).storage] = (left[lineAt(output).storage] as number) + 1
  let [alive, most] = [0, 0]

  /** What a line frees, and whether its result may lie where something that it frees did. */
  const freedBy = (line: number): { readonly freed: number; readonly replaces: boolean } => {
    const { bytes, inPlace } = lineAt(line)
    let [freed, replaces] = [0, false]
    for (const held of reads[line] as readonly number[]) {
      if (left[held] !== 1) continue
      freed += lineAt(held).bytes
      replaces ||= inPlace && lineAt(held).bytes === bytes
    }
    return { freed, replaces }
  }
  const run = (line: number): readonly number[] => {
    const { bytes, workspace } = lineAt(line)
    const { freed, replaces } = freedBy(line)
    most = Math.max(most, alive + (replaces ? 0 : bytes) + workspace)
    alive += bytes - freed
    done[line] = 1
    const touched: number[] = []
    for (const next of followers[line] as number[]) {
      missing[next] = (missing[next] as number) - 1
      if (missing[next] === 0) touched.push(next)
    }
    for (const held of reads[line] as readonly number[]) {
      left[held] = (left[held] as number) - 1
      if (left[held] === 1) for (const reader of readers[held] as number[]) if (done[reader] === 0) touched.push(reader)
    }
    return touched
  }
  return {
    isDone: (line) => done[line] === 1,
    isFree: (line) => missing[line] === 0 && done[line] === 0 && lineAt(line).bytes <= freedBy(line).freed,
    run,
    peak: () => most,
  }
}
