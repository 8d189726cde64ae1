import { probeDevice } from '@grad-ts/onnxruntime'
import { describe, test } from 'vitest'
import { agreesOn } from './agreement.ts'
import { make, optimizers } from './table.ts'

const missing = await probeDevice('webgpu')
if (missing !== undefined) console.warn(`webgpu is not tested: ${missing.message}`)

describe.skipIf(missing !== undefined)('three steps on webgpu equal three steps in the interpreter', () => {
  test.each(optimizers.map((row) => [row[0], row] as const))('%s', (_, row) => agreesOn('webgpu', make(row), 1e-5))
})
