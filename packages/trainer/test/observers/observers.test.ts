import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { meanSquaredError } from '@grad-ts/nn'
import { sgd } from '@grad-ts/optim'
import { csvLog, fitOrThrow, jsonLines, progressBar, tensorBoard } from '../../src/index.ts'
import type { TrainEvent } from '../../src/index.ts'
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

/** Reads an event file by the field numbers of its published schema; checksums are covered by the test of the format's known bytes. */
const scalarsOf = (bytes: Uint8Array): { readonly step: number; readonly name: string; readonly value: number }[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const found: { step: number; name: string; value: number }[] = []
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true))
    const reader = new BinaryReader(bytes.subarray(at + 12, at + 12 + length))
    let step = 0
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag()
      if (field === 2) step = Number(reader.int64())
      else if (field === 5) {
        const summary = new BinaryReader(reader.bytes())
        while (summary.pos < summary.len) {
          summary.tag()
          const value = new BinaryReader(summary.bytes())
          value.tag()
          const name = value.string()
          value.tag()
          found.push({ step, name, value: value.float() })
        }
      } else reader.skip(type)
    }
    at += 16 + length
  }
  return found
}

describe('tensorBoard', () => {
  it('writes what a reader of the format finds', async () => {
    const run = await train(tensorBoard(join(folder, 'board'), { everySteps: 1 }))
    const [file = ''] = await readdir(join(folder, 'board'))
    expect(file).toMatch(/^events\.out\.tfevents\.\d+\./)
    const bytes = new Uint8Array(await readFile(join(folder, 'board', file)))
    const scalars = scalarsOf(bytes)
    const of = (wanted: string) => scalars.filter(({ name }) => name === wanted).map(({ step, value }) => [step, value])
    expect(of('step/loss')).toEqual(run.loss.map((loss, i) => [i + 1, Math.fround(loss)]))
    expect(of('step/learningRate')).toEqual([1, 2, 3, 4].map((step) => [step, 0.125]))
    expect(of('validation/loss')).toEqual(run.history.epochs.map(({ step, validation }) => [step, Math.fround(validation?.loss ?? NaN)]))
    // Length 24 and its masked CRC-32C, which begin every event file.
    expect([...bytes.subarray(0, 12)]).toEqual([24, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22])
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
