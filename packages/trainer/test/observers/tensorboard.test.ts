import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createFileRegistry, fromBinary, toJson } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { meanSquaredError } from '@grad-ts/nn'
import { sgd } from '@grad-ts/optim'
import { fitOrThrow, tensorBoard } from '../../src/index.ts'
import type { TrainEvent } from '../../src/index.ts'
import { linearData, smallModel } from '../training/problems.ts'

// event.schema.bin is the schema of TensorBoard 2.21; resumed/ was written by this observer and read.json is what TensorBoard's
// EventAccumulator found in it. Both were made by read.py, beside them.
const fixtures = fileURLToPath(new URL('../fixtures/tensorboard', import.meta.url))
const python = process.env['GRAD_TS_PYTHON'] ?? 'python3'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tensorboard-'))
})
afterAll(() => rm(folder, { recursive: true }))
afterEach(() => void vi.useRealTimers())

/** The checksum by its definition, bit by bit: CRC-32C, rotated by 15 and shifted. */
const checksum = (bytes: Uint8Array): number => {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  crc = ~crc >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

interface EventJson {
  readonly step?: string
  readonly file_version?: string
  readonly summary?: { readonly value: readonly { readonly tag: string; readonly simple_value: number }[] }
}

/** Takes a file apart by the format of records, and each record by TensorBoard's schema. */
const eventsOf = async (bytes: Uint8Array): Promise<EventJson[]> => {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, await readFile(join(fixtures, 'event.schema.bin'))))
  const schema = registry.getMessage('tensorboard.Event')
  if (schema === undefined) throw new Error('the schema has no events')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const events: EventJson[] = []
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true))
    const message = bytes.subarray(at + 12, at + 12 + length)
    expect(view.getUint32(at + 8, true)).toBe(checksum(bytes.subarray(at, at + 8)))
    expect(view.getUint32(at + 12 + length, true)).toBe(checksum(message))
    events.push(toJson(schema, fromBinary(schema, message), { registry, useProtoFieldName: true }) as unknown as EventJson)
    at += 16 + length
  }
  return events
}

const scalarsOf = (events: readonly EventJson[], wanted: string): readonly (readonly [number, number])[] =>
  events.flatMap(({ step, summary }) =>
    (summary?.value ?? []).flatMap(({ tag, simple_value: value }) => (tag === wanted ? [[Number(step), Math.fround(value)] as const] : [])),
  )

/** What TensorBoard itself reads; nothing where it is not installed. */
const readByTensorBoard = (path: string): unknown => {
  const { status, stdout } = spawnSync(python, [join(fixtures, 'read.py'), path], { encoding: 'utf8' })
  return status === 0 ? (JSON.parse(stdout) as unknown) : undefined
}

const train = (path: string) =>
  fitOrThrow({
    model: smallModel,
    loss: meanSquaredError,
    data: linearData(8),
    validation: { data: linearData(4) },
    solver: sgd({ learningRate: 0.125 }),
    epochs: 2,
    batchSize: 4,
    monitor: true,
    device: 'interpreter',
    observers: [tensorBoard(path, { everySteps: 1 })],
  })

describe('tensorBoard', () => {
  it('writes what its schema says, with right checksums', async () => {
    const path = join(folder, 'run')
    const run = await train(path)
    const [file = ''] = await readdir(path)
    expect(file).toMatch(/^events\.out\.tfevents\.\d+\./)
    const events = await eventsOf(new Uint8Array(await readFile(join(path, file))))
    expect(events[0]?.file_version).toBe('brain.Event:2')
    const { steps, epochs } = run.history
    expect(scalarsOf(events, 'step/loss')).toEqual(run.loss.map((loss, i) => [i + 1, Math.fround(loss)]))
    expect(scalarsOf(events, 'step/learningRate')).toEqual([1, 2, 3, 4].map((step) => [step, 0.125]))
    expect(scalarsOf(events, 'step/gradientNorm')).toEqual(steps.gradientNorm.map((norm, i) => [i + 1, Math.fround(norm)]))
    expect(scalarsOf(events, 'validation/loss')).toEqual(epochs.map(({ step, validation }) => [step, Math.fround(validation?.loss ?? NaN)]))
    const read = readByTensorBoard(path) as Readonly<Record<string, unknown>> | undefined
    if (read === undefined) console.log(`not read by TensorBoard itself: ${python} has none (GRAD_TS_PYTHON names another)`)
    else expect(read['step/loss']).toEqual(run.loss.map((loss, i) => [i + 1, Math.fround(loss)]))
  })

  it('writes the bytes that TensorBoard was seen to read, also after a resume', async () => {
    const write = async (path: string, from: number, losses: readonly number[]): Promise<Buffer> => {
      const observe = tensorBoard(path, { everySteps: 1 })
      const step = (event: object) => observe({ tag: 'step', epoch: 1, batch: 1, examples: 4, ...event } as TrainEvent)
      await observe({ tag: 'started', step: from, epochs: 1, stepsPerEpoch: undefined, parameters: 1 })
      for (const [i, loss] of losses.entries()) await step({ step: from + i + 1, loss })
      const record = { epoch: 1, step: from + losses.length, loss: 0.5, metrics: { accuracy: 0.75 }, seconds: 2, examples: 8 }
      await observe({ tag: 'epoch', record })
      return Buffer.concat(await Promise.all((await readdir(path)).map((file) => readFile(join(path, file)))))
    }
    vi.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_000 })
    const first = await write(join(folder, 'first'), 0, [4, 2, 1])
    vi.setSystemTime(1_700_000_100_000)
    // Killed after a checkpoint at step 1: what came later is replaced.
    const second = await write(join(folder, 'second'), 1, [3, 0.5])
    const golden = join(fixtures, 'resumed')
    if (process.env['GRAD_TS_WRITE_FIXTURES'] !== undefined) {
      await mkdir(golden, { recursive: true })
      await writeFile(join(golden, 'events.out.tfevents.1700000000.a.1'), first)
      await writeFile(join(golden, 'events.out.tfevents.1700000100.a.2'), second)
      await writeFile(join(golden, '../read.json'), `${JSON.stringify(readByTensorBoard(golden))}\n`)
    }
    expect(first.equals(await readFile(join(golden, 'events.out.tfevents.1700000000.a.1')))).toBe(true)
    expect(second.equals(await readFile(join(golden, 'events.out.tfevents.1700000100.a.2')))).toBe(true)
    const read = JSON.parse(await readFile(join(fixtures, 'read.json'), 'utf8')) as Readonly<Record<string, unknown>>
    expect(read).toMatchObject({
      'step/loss': [
        [1, 4],
        [2, 3],
        [3, 0.5],
      ],
      'training/accuracy': [[3, 0.75]],
    })
  })
})
