import { expect, test } from 'vitest'
import { compileStepOrThrow, probeDevice } from '@grad-ts/onnxruntime'
import { cnn } from '../src/cases/cnn.ts'
import { mlp, small } from '../src/cases/dense.ts'
import { gpt } from '../src/cases/gpt.ts'

const missing = await probeDevice('webgpu')
if (missing !== undefined) console.warn(`webgpu is not tested: ${missing.message}`)

test.skipIf(missing !== undefined).each([small, mlp, cnn, gpt])('every node of a reference model runs on webgpu (%o)', async (model) => {
  const { step, state, batch } = model()
  await using program = await compileStepOrThrow(step, state, batch, { device: 'webgpu' })
  const { nodes, elsewhere } = await program.placementOrThrow()
  expect(elsewhere).toEqual([])
  expect(Object.keys(nodes)).toEqual(['webgpu'])
  expect(nodes.webgpu).toBeGreaterThan(50)
})
