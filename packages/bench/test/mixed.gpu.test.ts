import { expect, test } from 'vitest'
import { probeDevice, probeMixedPrecision } from '@grad-ts/onnxruntime'
import { checkConvergence, convergenceProblems } from '../src/gpu/convergence.ts'

const missing = (await probeDevice('webgpu')) ?? (await probeMixedPrecision('webgpu'))
if (missing !== undefined) console.warn(`convergence in mixed precision is not tested on webgpu: ${missing.message}`)

test.skipIf(missing !== undefined).each(convergenceProblems)(
  '%s: mixed precision reaches the loss of float32 on webgpu',
  async (problem) => {
    const { start, mixed, difference } = await checkConvergence(problem, 'webgpu')
    expect(mixed).toBeLessThan(0.5 * start)
    expect(difference).toBeLessThan(2e-2)
  },
)
