import { parseArgs } from 'node:util'
import { probeDevice, probeMixedPrecision } from '@grad-ts/onnxruntime'
import type { ConcreteDevice } from '@grad-ts/onnxruntime'
import { checkOps } from './agreement.ts'
import { checkConvergence, convergenceProblems } from './convergence.ts'
import { modeOf } from './modes.ts'
import { checkModels, timeModels } from './models.ts'

// One mode on one device, in a process of its own: one JSON object a line, the last one counts the failures.
const { values } = parseArgs({
  options: {
    device: { type: 'string', default: 'cuda' },
    mode: { type: 'string', default: 'float32' },
    quick: { type: 'boolean', default: false },
  },
})

const device = values.device as ConcreteDevice
const { name: mode, precision, tolerance } = modeOf(values.mode)
// The smallest model, timed once: for a check that the check itself runs.
const quick = values.quick ? (['small'] as const) : undefined

let failed = 0
const print = (line: object): void => {
  const { difference } = line as { readonly difference?: number }
  failed += difference !== undefined && !(difference <= tolerance) ? 1 : 0
  console.log(JSON.stringify({ mode, ...line }))
}

const missing = (await probeDevice(device)) ?? (precision === 'mixed' ? await probeMixedPrecision(device) : undefined)
if (missing !== undefined) {
  print({ unavailable: missing.message })
  // A device may lack float16; one that does not start cannot be checked.
  process.exit(missing.tag === 'PrecisionUnavailableError' ? 0 : 1)
}
for await (const line of checkOps(device, precision)) print(line)
for await (const line of checkModels(device, precision, quick)) print(line)
if (precision === 'mixed')
  for (const problem of quick === undefined ? convergenceProblems : convergenceProblems.slice(0, 1))
    print(await checkConvergence(problem, device))
for await (const line of quick === undefined ? timeModels(device, precision) : timeModels(device, precision, ['mlp'], [1])) print(line)
print({ device, tolerance, failed })
process.exitCode = failed === 0 ? 0 : 1
