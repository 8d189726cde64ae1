import { describe, expect, it } from 'vitest'
import { meanSquaredError } from '@grad-ts/nn'
import { probeDevice, probeMixedPrecision } from '@grad-ts/onnxruntime'
import { sgd } from '@grad-ts/optim'
import { fit, fitOrThrow } from '../../src/index.ts'
import { linearData, smallModel } from './problems.ts'

const missing = await probeDevice('webgpu')
if (missing !== undefined) console.warn(`webgpu is not tested: ${missing.message}`)
const lacking = missing === undefined ? await probeMixedPrecision('webgpu') : undefined

const settings = {
  model: smallModel,
  loss: meanSquaredError,
  data: linearData(64),
  solver: sgd({ learningRate: 0.05 }),
  epochs: 5,
  worker: false,
  device: 'webgpu',
  precision: 'mixed',
} as const

describe.skipIf(missing !== undefined)('fit in mixed precision on webgpu', () => {
  it.skipIf(lacking === undefined)('says what to do where the device has no float16', async () => {
    expect(await fit(settings)()).toMatchObject({
      _tag: 'Left',
      left: { tag: 'PrecisionUnavailableError', message: lacking?.message },
    })
  })

  it.skipIf(lacking !== undefined)('learns where it has', async () => {
    const { loss } = await fitOrThrow(settings)
    expect(loss.at(-1)).toBeLessThan(0.5 * (loss[0] as number))
  })
})
