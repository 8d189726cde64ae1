import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { meanSquaredError } from '@grad-ts/nn'
import { adam } from '@grad-ts/optim'
import { decodeSettings, decodeSettingsOrThrow, fit, fitOrThrow, reduceOnPlateau } from '../../src/index.ts'
import { linearData, smallModel } from './problems.ts'

const task = { model: smallModel, loss: meanSquaredError, data: linearData(20) }
const solver = { adam: { learningRate: 0.01 } }

const all = {
  epochs: 2,
  solver,
  groups: [
    { params: 'hidden.**', scale: 0.5 },
    { params: ['out.bias'], solver: { sgd: { learningRate: 0.1 } } },
  ],
  freeze: ['hidden.bias'],
  batchSize: 8,
  seed: 4,
  shuffle: false,
  shuffleBuffer: 10,
  accumulate: 2,
  stepsPerRun: 1,
  average: { decay: 0.9 },
  monitor: true,
  onNonFinite: 'skip',
  gradientCheckpointing: false,
  device: 'interpreter',
  threads: 1,
  worker: false,
  precision: 'float32',
  validation: { everyEpochs: 2, batchSize: 5 },
  policies: [
    { earlyStopping: { monitor: 'validation.loss', patience: 5 } },
    { reduceOnPlateau: { monitor: 'loss', factor: 0.5 } },
    { resetOnSaturation: { monitor: 'loss', times: 1 } },
  ],
}

describe('settings as JSON', () => {
  it('are those of a run', async () => {
    const validation = linearData(8, 2)
    const json = decodeSettingsOrThrow(JSON.parse(JSON.stringify(all)), { validation })
    expect(Object.keys(json).toSorted()).toEqual(Object.keys(all).toSorted())
    const run = await fitOrThrow({ ...task, ...json })
    expect(run.history.epochs.map(({ validation: measured }) => measured !== undefined)).toEqual([false, true])
    expect(run.state.average).not.toBe(null)
  })

  it('train as the same settings in code', async () => {
    const json = decodeSettingsOrThrow({
      steps: 4,
      solver,
      device: 'interpreter',
      policies: [{ reduceOnPlateau: { monitor: 'loss', patience: 0 } }],
    })
    const policies = [reduceOnPlateau({ monitor: 'loss', patience: 0 })]
    const code = await fitOrThrow({ ...task, steps: 4, solver: adam({ learningRate: 0.01 }), device: 'interpreter', policies })
    expect((await fitOrThrow({ ...task, ...json })).loss).toEqual(code.loss)
  })

  const base = { epochs: 1, solver }
  const folder = 'runs/1'
  it.each([
    [null, 'settings: expected a record, got null'],
    [{ solver }, 'epochs: expected either epochs or steps, got neither'],
    [{ ...base, steps: 3 }, 'steps: expected either epochs or steps, got both'],
    [{ epochs: 1 }, 'solver: expected the spec of a transformation, got nothing'],
    [{ ...base, epochs: '3' }, 'epochs: expected a whole number of at least 1, got "3"'],
    [{ ...base, average: { decay: 2 } }, 'average.decay: expected a number from 0 to below 1, got 2'],
    [{ ...base, device: 'gpu' }, 'device: expected one of auto, cpu, cuda, webgpu, interpreter, got "gpu"'],
    [{ ...base, freeze: ['a', 1] }, 'freeze.1: expected a text, got 1'],
    [{ ...base, average: { dekay: 0.5 } }, 'average.dekay: expected one of decay, got a setting of another name'],
    [
      { ...base, policies: [{ earlyStop: {} }] },
      /^policies\.0: expected a record with one of the keys earlyStopping, reduceOnPlateau, .*got/,
    ],
    [{ ...base, policies: [{ earlyStopping: {} }] }, 'policies.0.earlyStopping.monitor: expected what to watch, got nothing'],
    [
      { ...base, policies: [{ reduceOnPlateau: { monitor: 'loss' } }, { earlyStopping: { monitor: 'val_loss' } }] },
      "policies.1.earlyStopping.monitor: expected loss, validation.loss, metrics.NAME or validation.metrics.NAME, got 'val_loss'",
    ],
    [
      { ...base, policies: [{ earlyStopping: { monitor: 'validation.loss' } }] },
      "policies.0.earlyStopping.monitor: expected validation data, of which 'validation.loss' is measured, got none",
    ],
    [{ ...base, validation: { everyEpochs: 2 } }, 'validation: expected nothing, as there are no validation data, got settings'],
    [{ ...base, checkpoint: { keep: 1 } }, 'checkpoint.folder: expected a folder, got nothing'],
    [
      { ...base, checkpoint: { folder, resume: 'latest', overwrite: true } },
      'checkpoint.overwrite: expected either resume or overwrite, got both',
    ],
    [
      { ...base, checkpoint: { folder, keepBest: { monitor: 'validation.loss' } } },
      "checkpoint.keepBest.monitor: expected validation data, of which 'validation.loss' is measured, got none",
    ],
    [{ ...base, lossScale: 8 }, /^lossScale: expected nothing, since only with precision 'mixed'/],
  ])('that are wrong are refused by path and reason: %j', (json, message) => {
    const result = decodeSettings(json)
    if (!isLeft(result)) throw new Error('it was accepted')
    expect(result.left.tag).toBe('SettingsError')
    if (typeof message === 'string') expect(result.left.message).toBe(message)
    else expect(result.left.message).toMatch(message)
  })

  it('that only the run can judge are refused when it begins', async () => {
    const json = decodeSettingsOrThrow({ ...base, policies: [{ earlyStopping: { monitor: 'metrics.accuracy' } }] })
    const result = await fit({ ...task, ...json })()
    expect(result._tag === 'Left' && result.left).toMatchObject({ path: 'policies.0.earlyStopping.monitor' })
  })
})
