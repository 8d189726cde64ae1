import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dense, l2Penalty, relu, sequential, softmaxCrossEntropyWithIntegerLabels } from '@grad-ts/nn'
import { adam, chain, clipByGlobalNorm, dynamicLossScale, sgd } from '@grad-ts/optim'
import type { GradientTransformation } from '@grad-ts/optim'
import { evaluate, key, normal, tensor } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { createTrainingSessionOrThrow, fit, fitOrThrow, fromColumns } from '../../src/index.ts'
import type { EventOf, TrainEvent } from '../../src/index.ts'

const size = 256
const x = evaluate(normal(key(1), [size, 4])) as Constant
const at = (row: number, column: number): number => x.attributes.data[4 * row + column] as number
const y = tensor(Int32Array.from({ length: size }, (_, row) => (at(row, 0) * at(row, 1) > at(row, 2) ? 1 : 0)))

const settings = {
  model: sequential({
    first: dense({ in: 4, out: 16 }),
    relu,
    second: dense({ in: 16, out: 16 }),
    again: relu,
    out: dense({ in: 16, out: 2 }),
  }),
  loss: softmaxCrossEntropyWithIntegerLabels,
  data: fromColumns({ x, y }),
  solver: adam({ learningRate: 0.01 }),
  device: 'cpu',
  threads: 1,
  worker: false,
  epochs: 3,
} as const

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** The mean loss of the last epoch. */
const lastLoss = (loss: readonly number[]): number => mean(loss.slice(-8))

const skippedIn = (loss: readonly number[], reference: readonly number[]): number =>
  loss.filter((value, i) => Number.isFinite(value) && Math.abs(value - (reference[i] as number)) > 5e-3).length

describe('fit in mixed precision', () => {
  it('reaches the loss of float32', async () => {
    const epochs = 15
    const plain = await fitOrThrow({ ...settings, epochs })
    const mixed = await fitOrThrow({ ...settings, epochs, precision: 'mixed' })
    expect(lastLoss(mixed.loss)).toBeLessThan(0.6 * (plain.loss[0] as number))
    expect(Math.abs(lastLoss(mixed.loss) - lastLoss(plain.loss))).toBeLessThan(0.01)
    expect(mixed.loss).not.toEqual(plain.loss)
    expect(plain.history.steps.lossScale).toEqual([])
    expect(new Set(mixed.history.steps.lossScale)).toEqual(new Set([2 ** 15]))
  })

  it.each([
    ['several updates per run', { stepsPerRun: 4 }],
    ['one update per run', { stepsPerRun: 1 }],
    ['the interpreter', { device: 'interpreter' }],
    [
      'accumulation with clipping',
      { accumulate: 2, solver: chain(clipByGlobalNorm(0.1), sgd({ learningRate: 0.5 })) as GradientTransformation },
    ],
    ['a penalty', { penalty: (params: Tree<Tensor>) => l2Penalty(params, 0.1) }],
    ['a scale that stays', { lossScale: 1024 }],
    ['an average and frozen parameters', { average: { decay: 0.9 }, freeze: ['first.*'] }],
    ['a batch that is not full', { batchSize: 100 }],
  ])('follows float32 with %s', async (_, changes) => {
    const { lossScale, ...shared } = { lossScale: undefined, ...changes }
    const plain = await fitOrThrow({ ...settings, ...shared } as never)
    const mixed = await fitOrThrow({
      ...settings,
      ...shared,
      precision: 'mixed',
      ...(lossScale === undefined ? {} : { lossScale }),
    } as never)
    expect(skippedIn(mixed.loss, plain.loss)).toBe(0)
    expect(mixed.loss).not.toEqual(plain.loss)
  })

  it('leaves updates out while the scale is too large, and tells', async () => {
    const steps: EventOf<'step'>[] = []
    const observers = [(event: TrainEvent) => void (event.tag === 'step' && steps.push(event))]
    const lossScale = { initialScale: 2 ** 24 }
    const run = await fitOrThrow({ ...settings, precision: 'mixed', lossScale, observers, monitor: true, average: { decay: 0.5 } })
    const skipped = steps.filter((step) => step.skipped).length
    expect(skipped).toBeGreaterThan(3)
    steps.slice(0, skipped).forEach(({ skipped: left, lossScale: scale, loss }, i) => {
      expect([left, scale, Number.isFinite(loss)]).toEqual([true, 2 ** (24 - i), true])
    })
    steps.slice(skipped).forEach(({ skipped: left, lossScale: scale, gradientNorm }) => {
      expect([left, scale]).toEqual([undefined, 2 ** (24 - skipped)])
      expect(gradientNorm).toBeLessThan(10)
    })
    expect(run.history.steps.lossScale).toHaveLength(run.loss.length)
  })

  it('ends a run whose gradients never fit', async () => {
    const lossScale = { initialScale: 2 ** 40, maxScale: 2 ** 40, minScale: 2 ** 39 }
    const hopeless = await fit({ ...settings, precision: 'mixed', lossScale, stepsPerRun: 1, epochs: 20 })()
    expect(hopeless).toMatchObject({ _tag: 'Left', left: { tag: 'NonFiniteError', step: 50 } })
  })

  it('multiplies the loss for a solver that scales it by itself, whatever the precision', async () => {
    const solver = dynamicLossScale(adam({ learningRate: 0.01 }), { initialScale: 256 }) as unknown as GradientTransformation
    const plain = await fitOrThrow(settings)
    const scaled = await fitOrThrow({ ...settings, solver })
    expect(skippedIn(scaled.loss, plain.loss)).toBe(0)
    const { history } = await fitOrThrow({ ...settings, solver, precision: 'mixed' })
    expect(new Set(history.steps.lossScale)).toEqual(new Set([256]))
  })

  it('trains batch by batch too', async () => {
    const batch = { x: evaluate(normal(key(2), [8, 4])) as Tensor, y: tensor(Int32Array.of(0, 1, 0, 1, 0, 1, 0, 1)) as Tensor }
    const { model, loss, solver } = settings
    await using session = await createTrainingSessionOrThrow({ model, loss, solver, precision: 'mixed', threads: 1, worker: false })
    const first = await session.trainOnBatchOrThrow(batch as never)
    for (let i = 0; i < 30; i++) await session.trainOnBatchOrThrow(batch as never)
    const last = await session.trainOnBatchOrThrow(batch as never)
    expect(first.lossScale).toBe(2 ** 15)
    expect(last.loss).toBeLessThan(0.7 * first.loss)
  })
})

describe('checkpoints in mixed precision', () => {
  let root = ''
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'mixed-'))
  })
  afterAll(() => rm(root, { recursive: true }))

  it('resume to the bit, the scale and its count included', async () => {
    const mixed = { ...settings, precision: 'mixed', lossScale: { initialScale: 2 ** 24, growthInterval: 5 } } as const
    await fitOrThrow({ ...mixed, epochs: 2, checkpoint: { folder: root } })
    const resumed = await fitOrThrow({ ...mixed, epochs: 4, checkpoint: { folder: root, resume: 'latest' } })
    const whole = await fitOrThrow({ ...mixed, epochs: 4 })
    expect(JSON.stringify(resumed.state)).toBe(JSON.stringify(whole.state))
    expect(resumed.history.steps.lossScale).toEqual(whole.history.steps.lossScale)
    expect(new Set(whole.history.steps.lossScale).size).toBeGreaterThan(3)
  })

  it('do not go on in another precision', async () => {
    const folder = join(root, 'plain')
    await fitOrThrow({ ...settings, epochs: 1, checkpoint: { folder } })
    const changed = await fit({ ...settings, epochs: 2, precision: 'mixed', checkpoint: { folder, resume: 'latest' } })()
    expect(changed).toMatchObject({ _tag: 'Left', left: { tag: 'CheckpointError', reason: 'settings' } })
  })
})

describe('settings of precision that contradict each other', () => {
  const messageOf = async (changes: object): Promise<string> => {
    const result = await fit({ ...settings, ...changes } as never)()
    return result._tag === 'Left' ? `${result.left.name}: ${result.left.message}` : 'no error'
  }

  it('are refused with their path when they come without types', async () => {
    expect(await messageOf({ precision: 'half' })).toMatchInlineSnapshot(
      `"SettingsError: precision: expected 'float32' or 'mixed', got "half""`,
    )
    expect(await messageOf({ lossScale: 8 })).toMatchInlineSnapshot(
      `"SettingsError: lossScale: expected nothing, since only with precision 'mixed' the loss is scaled, got 8"`,
    )
    expect(await messageOf({ precision: 'mixed', onNonFinite: 'fail' })).toMatchInlineSnapshot(
      `"SettingsError: onNonFinite: expected 'skip', since dynamic loss scaling lives on updates that overflow, got 'fail'"`,
    )
    expect(await messageOf({ precision: 'mixed', lossScale: { initialScale: 0.5 } })).toMatchInlineSnapshot(
      `"SettingsError: lossScale.initialScale: expected a number from minScale 1 to maxScale 16777216, got 0.5"`,
    )
    expect(await messageOf({ precision: 'mixed', lossScale: -1 })).toMatchInlineSnapshot(
      `"SettingsError: lossScale: expected a number > 0, got -1"`,
    )
    const solver = { dynamicLossScale: { inner: { sgd: { learningRate: 0.1 } } } }
    expect(await messageOf({ precision: 'mixed', lossScale: 8, solver })).toMatchInlineSnapshot(
      `"SettingsError: lossScale: expected nothing, since the solver scales the loss by itself, got 8"`,
    )
  })
})
