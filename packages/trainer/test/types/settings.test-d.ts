import { describe, it } from 'vitest'
import { meanSquaredError, dense } from '@grad-ts/nn'
import { sgd } from '@grad-ts/optim'
import { tensor } from '@grad-ts/tensor'
import { earlyStopping, fit, fromColumns } from '../../src/index.ts'

const data = fromColumns({ x: tensor([[1]]), y: tensor([[1]]) })
const base = { model: dense({ in: 1, out: 1 }), loss: meanSquaredError, data, solver: sgd({ learningRate: 0.1 }) }

describe('settings that contradict each other do not type-check', () => {
  it('a policy that reads validation results needs validation data', () => {
    fit({ ...base, epochs: 1, validation: { data }, policies: [earlyStopping({ monitor: 'validation.loss' })] })
    fit({ ...base, epochs: 1, policies: [earlyStopping({ monitor: 'loss' })] })
    // @ts-expect-error there is nothing to validate on
    fit({ ...base, epochs: 1, policies: [earlyStopping({ monitor: 'validation.loss' })] })
  })

  it('a run lasts for epochs or for steps', () => {
    fit({ ...base, steps: 1 })
    // @ts-expect-error not both
    fit({ ...base, epochs: 1, steps: 1 })
    // @ts-expect-error one of them
    fit({ ...base })
  })

  it('the best epoch by validation needs validation data', () => {
    fit({ ...base, epochs: 1, validation: { data }, checkpoint: { folder: '', keepBest: { monitor: 'validation.loss' } } })
    fit({ ...base, epochs: 1, checkpoint: { folder: '', keepBest: { monitor: 'loss' } } })
    // @ts-expect-error there is nothing to validate on
    fit({ ...base, epochs: 1, checkpoint: { folder: '', keepBest: { monitor: 'validation.loss' } } })
  })

  it('checkpoints are gone on from, or deleted', () => {
    fit({ ...base, epochs: 1, checkpoint: { folder: '', resume: 'lastGood' } })
    fit({ ...base, epochs: 1, checkpoint: { folder: '', overwrite: true } })
    // @ts-expect-error not both
    fit({ ...base, epochs: 1, checkpoint: { folder: '', resume: 'latest', overwrite: true } })
  })

  it('a group of parameters has a share of the learning rate or a solver', () => {
    fit({ ...base, epochs: 1, groups: [{ params: 'kernel', scale: 0.1 }] })
    // @ts-expect-error not both
    fit({ ...base, epochs: 1, groups: [{ params: 'kernel', scale: 0.1, solver: sgd({ learningRate: 1 }) }] })
  })

  it('a loss is scaled in mixed precision only, and updates that overflow are then no failures', () => {
    fit({ ...base, epochs: 1, precision: 'mixed' })
    fit({ ...base, epochs: 1, precision: 'mixed', lossScale: { initialScale: 1024 }, onNonFinite: 'skip' })
    fit({ ...base, epochs: 1, precision: 'mixed', lossScale: 1024, onNonFinite: 'fail' })
    // @ts-expect-error products in float32 need no scale
    fit({ ...base, epochs: 1, lossScale: 1024 })
    // @ts-expect-error dynamic scaling overflows on purpose
    fit({ ...base, epochs: 1, precision: 'mixed', onNonFinite: 'fail' })
    // @ts-expect-error there is no such precision
    fit({ ...base, epochs: 1, precision: 'half' })
  })
})
