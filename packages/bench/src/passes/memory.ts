import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** What a training process holds, with a budget or without. */
export interface MemoryLine {
  readonly case: string
  readonly budget: string
  /** The last line of `program.explain()`: the estimate. */
  readonly estimate: string
  /** Resident memory of the process after the program was compiled, and the most of it while steps ran. */
  readonly mebibytesBefore: number
  readonly mebibytesAtMost: number
  readonly msPerStep: number
}

const child = fileURLToPath(new URL('memory-child.js', import.meta.url))

/** Trains a case in a process of its own. */
export const measureMemory = async (name: string, budget: string): Promise<MemoryLine> => {
  const { stdout } = await promisify(execFile)(process.execPath, [child, name, budget])
  return JSON.parse(stdout) as MemoryLine
}

/** The budgets that `bench memory` tries, in MiB. */
export const memoryBudgets: Readonly<Record<string, readonly string[]>> = {
  deep: ['none', '96', '72', 'auto'],
  gpt: ['none', '30', '20', 'auto'],
  'gpt-long': ['none', '96', '64', 'auto'],
}

export const showMemory = (line: MemoryLine): string =>
  `${line.case.padEnd(10)}budget ${line.budget.padEnd(6)}${String(line.mebibytesAtMost).padStart(5)} MiB resident (${line.mebibytesBefore} before the first step)   ${String(line.msPerStep).padStart(7)} ms per step   ${line.estimate}`
