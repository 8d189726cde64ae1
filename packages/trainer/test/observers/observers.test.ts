import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { meanSquaredError } from '@grad-ts/nn'
import { sgd } from '@grad-ts/optim'
import { csvLog, fitOrThrow, jsonLines, progressBar } from '../../src/index.ts'
import type { EpochRecord, TrainEvent } from '../../src/index.ts'
import { linearData, smallModel } from '../training/problems.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'observers-'))
})
afterAll(() => rm(folder, { recursive: true }))

const train = (observer: (event: TrainEvent) => void | Promise<void>) =>
  fitOrThrow({
    model: smallModel,
    loss: meanSquaredError,
    data: linearData(8),
    validation: { data: linearData(4) },
    solver: sgd({ learningRate: 0.125 }),
    epochs: 2,
    batchSize: 4,
    device: 'interpreter',
    observers: [observer],
  })

describe('jsonLines', () => {
  it('writes one event per line', async () => {
    const path = join(folder, 'deep/events.jsonl')
    const run = await train(jsonLines(path, { steps: true }))
    const events = (await readFile(path, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as TrainEvent)
    expect(events.map(({ tag }) => tag)).toEqual([
      'started',
      'step',
      'step',
      'evaluation',
      'epoch',
      'step',
      'step',
      'evaluation',
      'epoch',
      'stopped',
    ])
    expect(events.flatMap((event) => (event.tag === 'step' ? [event.loss] : []))).toEqual(run.loss)
  })
})

describe('csvLog', () => {
  it('writes a header and one line per epoch', async () => {
    const path = join(folder, 'log.csv')
    const run = await train(csvLog(path))
    const [header, ...rows] = (await readFile(path, 'utf8')).trim().split('\n')
    expect(header).toBe('epoch,step,loss,validation loss,learning rate,seconds')
    expect(rows.map((row) => row.split(',').slice(0, 3).map(Number))).toEqual(
      run.history.epochs.map(({ epoch, step, loss }) => [epoch, step, loss]),
    )
  })
})

describe('logs of a run that was killed and resumed', () => {
  const steps = (from: number, to: number): TrainEvent[] =>
    Array.from({ length: to - from }, (_, i) => ({
      tag: 'step',
      step: from + i + 1,
      epoch: 1,
      batch: 1,
      examples: 1,
      loss: 1 / (from + i + 1),
    }))
  const epoch = (number: number, more: Partial<EpochRecord> = {}): TrainEvent => ({
    tag: 'epoch',
    record: { epoch: number, step: 2 * number, loss: 1 / number, metrics: { 'a,b': number }, seconds: 1, examples: 2, ...more },
  })
  const started = (step: number): TrainEvent => ({ tag: 'started', step, epochs: 3, stepsPerEpoch: 2, parameters: 1 })
  const write = async (observe: (event: TrainEvent) => Promise<void>, events: readonly TrainEvent[]): Promise<void> => {
    for (const event of events) await observe(event)
  }

  it('have every update once', async () => {
    const path = join(folder, 'killed.jsonl')
    await write(jsonLines(path, { steps: true }), [started(0), ...steps(0, 2), epoch(1), ...steps(2, 3)])
    // The process died in the middle of a line.
    await appendFile(path, '{"tag":"st')
    await write(jsonLines(path, { steps: true }), [started(2), ...steps(2, 4), epoch(2)])
    const events = (await readFile(path, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as TrainEvent)
    expect(events.filter(({ tag }) => tag !== 'started')).toEqual([...steps(0, 2), epoch(1), ...steps(2, 4), epoch(2)])
  })

  it('have every epoch once, in the columns that they had', async () => {
    const path = join(folder, 'killed.csv')
    await write(csvLog(path), [started(0), epoch(1), epoch(2)])
    await write(csvLog(path), [started(2), epoch(2), epoch(3)])
    expect((await readFile(path, 'utf8')).split('\n')).toEqual([
      'epoch,step,loss,"a,b",seconds',
      '1,2,1,1,1',
      '2,4,0.5,2,1',
      '3,6,0.3333333333333333,3,1',
      '',
    ])
  })

  it('begin where there was none', async () => {
    const path = join(folder, 'late.csv')
    await write(csvLog(path), [started(2), epoch(2)])
    expect(await readFile(path, 'utf8')).toBe('epoch,step,loss,"a,b",seconds\n2,4,0.5,2,1\n')
  })

  it('get columns for what comes later', async () => {
    const path = join(folder, 'sparse.csv')
    await write(csvLog(path), [started(0), epoch(1), epoch(2, { validation: { loss: 7, metrics: {} } }), epoch(3)])
    expect((await readFile(path, 'utf8')).trim().split('\n')).toEqual([
      'epoch,step,loss,"a,b",seconds,validation loss',
      '1,2,1,1,1,',
      '2,4,0.5,2,1,7',
      '3,6,0.3333333333333333,3,1,',
    ])
  })
})

describe('progressBar', () => {
  const stream = (isTTY: boolean) => {
    let text = ''
    const written = { isTTY, columns: 120, write: (part: string) => ((text += part), true), on: () => undefined, cursorTo: () => undefined }
    return { stream: written as unknown as NodeJS.WriteStream, text: () => text }
  }

  it('writes one plain line per epoch where there is no terminal', async () => {
    const { stream: plain, text } = stream(false)
    await train(progressBar({ stream: plain }))
    expect(
      text()
        .trim()
        .split('\n')
        .map((line) => line.replaceAll(/\d+\.\d+/g, '#')),
    ).toEqual(['epoch 1/2  # s  loss #  validation loss #  learning rate #', 'epoch 2/2  # s  loss #  validation loss #  learning rate #'])
  })

  it('draws a bar on a terminal', async () => {
    const { stream: terminal, text } = stream(true)
    await train(progressBar({ stream: terminal }))
    expect(text()).toMatch('█')
    expect(text()).toMatch('epoch 2/2')
  })
})
