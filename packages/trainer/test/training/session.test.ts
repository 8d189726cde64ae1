import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accuracy, dense, dropout, meanSquaredError, sequential, softmaxCrossEntropyWithIntegerLabels } from '@grad-ts/nn'
import { adam, exponentialDecay, sgd } from '@grad-ts/optim'
import { add, mean, mul, scalar, square, sub, tensor, toArray, toNumber } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import {
  createTrainingSession,
  createTrainingSessionOrThrow,
  evaluateOrThrow,
  fitOrThrow,
  fromColumns,
  predictOrThrow,
} from '../../src/index.ts'
import { linearData } from './problems.ts'

const device = 'interpreter'
const model = sequential({ hidden: dense({ in: 3, out: 4 }), dropout: dropout({ rate: 0.3 }), out: dense({ in: 4, out: 1 }) })
const data = linearData(24)
const learningRate = exponentialDecay({ initValue: 0.05, transitionSteps: 2, decayRate: 0.8 })
const settings = {
  model,
  loss: meanSquaredError,
  solver: adam({ learningRate }),
  seed: 3,
  average: { decay: 0.5 },
  monitor: true,
  device,
} as const

const rows = (from: number, to: number) => data.rows(Int32Array.from({ length: to - from }, (_, i) => from + i))
const batches = [rows(0, 8), rows(8, 16), rows(16, 24)]

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'session-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('a training session', () => {
  it('makes the updates of fit, to the bit, singly or several in one run', async () => {
    const run = await fitOrThrow({ ...settings, data, shuffle: false, epochs: 2, batchSize: 8 })
    await using single = await createTrainingSessionOrThrow(settings)
    await using several = await createTrainingSessionOrThrow(settings)
    const reports = []
    for (const batch of [...batches, ...batches]) reports.push(await single.trainOnBatchOrThrow(batch))
    const together = await several.trainOnBatchesOrThrow([...batches, ...batches])
    expect(reports.map(({ loss }) => loss)).toEqual(run.loss)
    expect(reports.map((report) => report.learningRate)).toEqual(run.history.steps.learningRate)
    expect(reports.map((report) => report.gradientNorm)).toEqual(run.history.steps.gradientNorm)
    expect(reports.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6])
    expect(together).toEqual(reports)
    expect(JSON.stringify(await single.stateOrThrow())).toBe(JSON.stringify(run.state))
  })

  it('goes on from a file as if it had not stopped', async () => {
    const path = join(folder, 'state.safetensors')
    await using first = await createTrainingSessionOrThrow(settings)
    await first.trainOnBatchesOrThrow(batches)
    await first.saveOrThrow(path)
    await using second = await createTrainingSessionOrThrow({ ...settings, seed: 4 })
    await second.loadOrThrow(path)
    expect(await second.trainOnBatchesOrThrow(batches)).toEqual(await first.trainOnBatchesOrThrow(batches))
    expect(JSON.stringify(await second.stateOrThrow())).toBe(JSON.stringify(await first.stateOrThrow()))
  })

  it('measures and predicts with the averaged parameters as they are now', async () => {
    await using session = await createTrainingSessionOrThrow(settings)
    const [batch] = batches as [(typeof batches)[0]]
    for (let i = 0; i < 2; i++) {
      await session.trainOnBatchOrThrow(batch)
      const { average } = await session.stateOrThrow()
      const params = average as NonNullable<typeof average>
      const expected = await evaluateOrThrow({ ...settings, params, data: fromColumns(batch) })
      expect((await session.testOnBatchOrThrow(batch)).loss).toBeCloseTo(expected.loss, 6)
      const outputs = await session.predictOnBatchOrThrow(batch.x)
      expect(toArray(outputs)).toEqual(toArray(await predictOrThrow({ model, params, inputs: batch.x, device })))
    }
  })

  it('takes batches of any size, and does what was asked in turn, awaited or not', async () => {
    await using session = await createTrainingSessionOrThrow(settings)
    const [first, second, third] = await Promise.all([
      session.trainOnBatchOrThrow(rows(0, 8)),
      session.trainOnBatchOrThrow(rows(8, 13)),
      session.trainOnBatchesOrThrow([rows(0, 8), rows(8, 13)]),
    ])
    expect([first.step, second.step, ...third.map(({ step }) => step)]).toEqual([1, 2, 3, 4])
  })

  it('computes a batch in parts with the update of the whole', async () => {
    const plain = { ...settings, model: sequential({ hidden: dense({ in: 3, out: 4 }), out: dense({ in: 4, out: 1 }) }) }
    const weights = ({ y }: { readonly y: Tensor }) => add(square(mean(y, { axes: 1 })), 0.1)
    await using whole = await createTrainingSessionOrThrow({ ...plain, weights })
    await using parts = await createTrainingSessionOrThrow({ ...plain, weights, accumulate: 3 })
    const [a, b] = [await whole.trainOnBatchOrThrow(rows(0, 10)), await parts.trainOnBatchOrThrow(rows(0, 10))]
    expect(b.loss).toBeCloseTo(a.loss, 6)
    expect(b.gradientNorm).toBeCloseTo(a.gradientNorm ?? NaN, 5)
  })

  it('reports the metrics of each batch', async () => {
    const classes = { x: rows(0, 4).x, y: tensor([0, 1, 0, 1], { dtype: 'int32' }) as Constant }
    await using session = await createTrainingSessionOrThrow({
      model: dense({ in: 3, out: 2 }),
      loss: softmaxCrossEntropyWithIntegerLabels,
      metrics: { accuracy: accuracy() },
      solver: sgd({ learningRate: 0 }),
      device,
    })
    const { metrics } = await session.trainOnBatchOrThrow(classes)
    expect([0, 0.25, 0.5, 0.75, 1]).toContain(metrics['accuracy'])
    expect((await session.testOnBatchOrThrow(classes)).metrics).toEqual(metrics)
  })
})

describe('a training session of a loss', () => {
  const task = {
    params: scalar(0),
    loss: (p: Tensor, { v }: { v: Tensor }) => mul(v, p),
    solver: { sgd: { learningRate: 1 } },
    device,
  } as const
  const batch = { v: tensor([-1, -1]) }

  it('changes the learning rate between batches', async () => {
    await using session = await createTrainingSessionOrThrow(task)
    await session.trainOnBatchOrThrow(batch)
    await session.scaleLearningRateOrThrow(0.25)
    expect((await session.trainOnBatchOrThrow(batch)).learningRate).toBe(0.25)
    expect(toNumber((await session.stateOrThrow()).params)).toBe(1.25)
  })

  it('goes on from a state that it is given', async () => {
    await using session = await createTrainingSessionOrThrow(task)
    const start = await session.stateOrThrow()
    await session.trainOnBatchesOrThrow([batch, batch])
    await session.setStateOrThrow({ ...start, params: scalar(5), step: scalar(40, 'int32') })
    expect((await session.trainOnBatchOrThrow(batch)).step).toBe(41)
    expect(toNumber((await session.stateOrThrow()).params)).toBe(6)
  })

  it('answers with errors as values', async () => {
    const failure = async (run: Promise<{ readonly _tag: string; readonly left?: unknown }>) => (await run).left
    const wrong = createTrainingSession({ ...task, solver: { sgd: { learningRate: 'x' } } })()
    expect(await failure(wrong)).toMatchObject({ tag: 'SpecError', path: 'solver.sgd.learningRate' })
    await using session = await createTrainingSessionOrThrow(task)
    expect(await failure(session.trainOnBatch({ v: tensor([1, NaN]) })())).toMatchObject({ tag: 'NonFiniteError', step: 1 })
    expect(await failure(session.load(join(folder, 'none'))())).toMatchObject({ tag: 'DataError' })
    await writeFile(join(folder, 'cut'), 'cut')
    expect(await failure(session.save(join(folder, 'cut/state'))())).toMatchObject({ tag: 'WriteError' })
    expect(await failure(session.load(join(folder, 'cut'))())).toMatchObject({ tag: 'DataError' })
  })

  it('does not cut a batch for a scalar loss unevenly', async () => {
    await using session = await createTrainingSessionOrThrow({
      ...task,
      loss: (p: Tensor, { v }: { v: Tensor }) => mean(square(sub(p, v))),
      accumulate: 2,
    })
    await expect(session.trainOnBatchOrThrow({ v: tensor([1, 2, 3]) })).rejects.toMatchObject({ tag: 'SettingsError', path: 'loss' })
    expect((await session.trainOnBatchOrThrow({ v: tensor([1, 3]) })).loss).toBe(5)
  })
})
