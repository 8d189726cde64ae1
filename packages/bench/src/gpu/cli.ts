import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { ConcreteDevice } from '@grad-ts/onnxruntime'
import { timedModels } from './models.ts'
import { modesOf } from './modes.ts'
import type { Mode } from './modes.ts'
import { tableOf } from './table.ts'
import type { Time } from './table.ts'

const { values } = parseArgs({
  options: {
    device: { type: 'string', default: 'cuda' },
    mode: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    python: { type: 'string', default: 'python3' },
    help: { type: 'boolean', default: false },
  },
})

const usage = `[--device cuda|webgpu|cpu] [--mode float32|tf32|mixed]… [--quick] [--python COMMAND]
Compares every op and the reference models with the cpu, trains in mixed precision beside float32, times steps, also those of PyTorch
where the python has it. One JSON object a line, then the times as a table.`

const times: Time[] = []

/** Runs a process whose lines of JSON are shown and kept. */
const run = (command: string, args: readonly string[], environment: Readonly<Record<string, string>>): Promise<number> =>
  new Promise((resolve) => {
    const child = spawn(command, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'inherit'] })
    child.on('error', () => resolve(127))
    createInterface({ input: child.stdout }).on('line', (line) => {
      console.log(line)
      if (line.includes('"msPerStep"')) times.push(JSON.parse(line) as Time)
    })
    child.on('close', (code) => resolve(code ?? 1))
  })

const besides = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

const device = values.device as ConcreteDevice
const quick = values.quick ? ['--quick'] : []

const checkMode = ({ name, environment }: Mode): Promise<number> =>
  run(process.execPath, [besides('check.js'), '--device', device, '--mode', name, ...quick], environment)

const timeTorch = async ({ name }: Mode): Promise<void> => {
  const models = values.quick ? ['mlp'] : timedModels
  const code = await run(values.python, [besides('../../torch/steps.py'), device === 'cuda' ? 'cuda' : 'cpu', name, ...models], {})
  if (code !== 0) console.log(JSON.stringify({ mode: name, peer: 'PyTorch', unavailable: `${values.python} ended with ${code}` }))
}

const check = async (): Promise<number> => {
  const chosen = modesOf(device).filter(({ name }) => values.mode?.includes(name) ?? true)
  let failed = 0
  for (const mode of chosen) {
    failed += (await checkMode(mode)) === 0 ? 0 : 1
    if (device !== 'webgpu') await timeTorch(mode)
  }
  console.log(`\n${tableOf(times, device)}\n`)
  console.log(JSON.stringify({ device, modes: chosen.length, failed }))
  return failed
}

if (values.help) console.log(usage)
else process.exitCode = (await check()) === 0 ? 0 : 1
