import { parseArgs } from 'node:util'
import { compilerPasses } from '@grad-ts/onnxruntime'
import type { Device, Precision } from '@grad-ts/onnxruntime'
import { stepCases } from './cases/table.ts'
import { measure } from './measure.ts'
import type { Measurement } from './measure.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '1' },
    device: { type: 'string', default: 'cpu' },
    form: { type: 'string' },
    precision: { type: 'string', default: 'float32' },
    without: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const usage = `bench [CASE…] [--threads N] [--device cpu|cuda|webgpu] [--form single|loop] [--precision float32|mixed] [--without PASS|fuse]… [--json]
cases: ${Object.keys(stepCases).join(', ')}, compile (each of them, built once), soak (memory and timers)
passes: ${compilerPasses.join(', ')}; fuse is the update in WebAssembly
bench passes [CASE…]: every pass left out in turn, beside the whole
bench memory [CASE…]: resident memory of a process that trains, with budgets and without`

const show = (line: Measurement): string => {
  const update = line.nsPerParameter === undefined ? '' : `   ${line.nsPerParameter} ns per parameter`
  return `${line.case.padEnd(14)}${line.form.padEnd(8)}${String(line.msPerStep).padStart(9)} ms per step   ${String(line.compileMs).padStart(7)} ms to compile   ${line.provider}, ${line.threads} threads${update}`
}

const print = (line: Measurement): void => console.log(values.json ? JSON.stringify(line) : show(line))

const forms = (values.form === undefined ? ['single', 'loop'] : [values.form]) as readonly Measurement['form'][]

const runCase = async (name: string): Promise<void> => {
  const make = stepCases[name]
  if (make === undefined) throw new Error(`unknown case '${name}'\n${usage}`)
  const without = values.without ?? []
  const passes = compilerPasses.filter((pass) => !without.includes(pass))
  const options = {
    device: values.device as Device,
    threads: Number(values.threads),
    passes,
    precision: values.precision as Precision,
    fuse: without.includes('fuse') ? ('off' as const) : ('auto' as const),
  }
  for (const form of forms) print(await measure(name, make(options.precision === 'mixed'), form, options))
}

const run = async (name: string): Promise<void> => {
  for (const each of name === 'compile' ? Object.keys(stepCases) : [name]) await runCase(each)
}

const [command, ...names] = positionals

const runPasses = async (): Promise<void> => {
  const [{ compare, showComparison }, { subjectsOf }] = await Promise.all([import('./passes/compare.ts'), import('./passes/variants.ts')])
  const options = { device: values.device as Device, threads: Number(values.threads) }
  for (const subject of subjectsOf(names))
    for (const line of await compare(subject(), options)) console.log(values.json ? JSON.stringify(line) : showComparison(line))
}

const runMemory = async (): Promise<void> => {
  const { measureMemory, memoryBudgets, showMemory } = await import('./passes/memory.ts')
  for (const name of names.length === 0 ? Object.keys(memoryBudgets) : names)
    for (const budget of memoryBudgets[name] ?? []) {
      const line = await measureMemory(name, budget)
      console.log(values.json ? JSON.stringify(line) : showMemory(line))
    }
}

const runCases = async (): Promise<void> => {
  for (const name of positionals.length === 0 ? Object.keys(stepCases) : positionals) await run(name)
}

if (values.help) console.log(usage)
else if (command === 'passes') await runPasses()
else if (command === 'memory') await runMemory()
else await runCases()
