import { parseArgs } from 'node:util'
import { probeDevice } from '@grad-ts/onnxruntime'
import type { ConcreteDevice } from '@grad-ts/onnxruntime'
import { checkOps } from './agreement.ts'
import { checkModels, timeModels } from './models.ts'

const { values } = parseArgs({
  options: {
    device: { type: 'string', default: 'cuda' },
    quick: { type: 'boolean', default: false },
    tolerance: { type: 'string', default: '1e-4' },
  },
})

const device = values.device as ConcreteDevice
// The smallest model, timed once: for a check that the check itself runs.
const quick = values.quick ? (['small'] as const) : undefined

let failed = 0
const print = (line: { readonly difference?: number }): void => {
  failed += line.difference !== undefined && !(line.difference <= Number(values.tolerance)) ? 1 : 0
  console.log(JSON.stringify(line))
}

const missing = await probeDevice(device)
if (missing !== undefined) {
  console.error(missing.message)
  process.exit(1)
}
for await (const line of checkOps(device)) print(line)
for await (const line of checkModels(device, quick)) print(line)
for await (const line of quick === undefined ? timeModels(device) : timeModels(device, ['mlp'], [1])) print(line as object)
console.log(JSON.stringify({ device, tolerance: Number(values.tolerance), failed }))
process.exitCode = failed === 0 ? 0 : 1
