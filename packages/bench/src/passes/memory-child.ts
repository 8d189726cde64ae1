import { readFileSync, writeFileSync } from 'node:fs'
import { compileStepOrThrow } from '@grad-ts/onnxruntime'
import type { CompileStepOptions } from '@grad-ts/onnxruntime'
import { deepCases } from '../cases/deep.ts'
import { median } from '../measure.ts'
import type { MemoryLine } from './memory.ts'

/** Forgets the most memory that was resident so far, where the system can: what compiling took does not count. */
const forgetPeak = (): void => {
  if (process.platform === 'linux') writeFileSync('/proc/self/clear_refs', '5')
}

const peak = (): number => {
  const kibibytes =
    process.platform === 'linux'
      ? Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
      : process.resourceUsage().maxRSS
  return Math.round(kibibytes / 1024)
}

const [name = '', budget = 'none'] = process.argv.slice(2)
const one = deepCases[name]?.()
if (one === undefined) throw new Error(`unknown case '${name}'`)
const memoryBudget = budget === 'auto' ? budget : Number(budget) * 2 ** 20
const options: CompileStepOptions = { threads: 1, ...(budget !== 'none' && { memoryBudget }) }
const program = await compileStepOrThrow(one.step, one.state, one.batch, options)
const estimate = program.explain().split('\n').at(-1) as string
const before = Math.round(process.memoryUsage().rss / 2 ** 20)
forgetPeak()
const times: number[] = []
for (let i = 0; i <= one.runs; i++) {
  const from = performance.now()
  await program.runOrThrow(one.batch)
  times.push(performance.now() - from)
}
const line: MemoryLine = {
  case: name,
  budget,
  estimate,
  mebibytesBefore: before,
  mebibytesAtMost: peak(),
  msPerStep: Number(median(times.slice(1)).toPrecision(4)),
}
process.stdout.write(JSON.stringify(line))
