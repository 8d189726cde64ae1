import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { dense, meanSquaredError } from '@grad-ts/nn'
import { adam } from '@grad-ts/optim'
import { evaluate, key, normal, tensor } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { abortOnSignals, fitOrThrow, fromCsv, fromJsonLines } from '@grad-ts/trainer'
import type { TrainEvent } from '@grad-ts/trainer'

const features = 192
const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20)

/** A file format: its first line, how a row is written, and how it is read back. */
const formats = {
  jsonl: {
    head: '',
    line: (x: readonly number[], y: number) => JSON.stringify({ x, y }),
    read: (path: string) =>
      fromJsonLines(path, (value) => {
        const { x, y } = value as { readonly x: readonly number[]; readonly y: number }
        return { x: tensor(Float32Array.from(x)), y: tensor(Float32Array.of(y)) }
      }),
  },
  csv: {
    head: `${Array.from({ length: features }, (_, i) => `x${i}`).join(',')},y\n`,
    line: (x: readonly number[], y: number) => `${x.join(',')},${y}`,
    read: (path: string) =>
      fromCsv(path, (row) => {
        const values = Object.values(row)
        return { x: tensor(Float32Array.from(values.slice(0, -1), Number)), y: tensor(Float32Array.of(Number(values.at(-1)))) }
      }),
  },
} as const

export type StreamFormat = keyof typeof formats

/** Blocks of lines until the file has its size; every row is a linear function of its features. */
function* blocks(format: StreamFormat, bytes: number): Generator<Buffer> {
  const { head, line } = formats[format]
  const draws = (evaluate(normal(key(1), [1024, features])) as Constant).attributes.data
  const rows = Array.from({ length: 1024 }, (_, i) => {
    const x = [...draws.subarray(i * features, (i + 1) * features)].map((value) => Number(value.toFixed(5)))
    return line(x, Number(x.reduce((sum, value, j) => sum + (value * ((j % 7) - 3)) / 10, 0).toFixed(5)))
  })
  const block = Buffer.from(`${rows.join('\n')}\n`)
  yield Buffer.from(head)
  for (let written = 0; written < bytes; written += block.length) yield block
}

/** Training on a file larger than memory should be: its size, and the resident memory at every tenth of the pass. */
export interface StreamingSoak {
  readonly soak: 'streaming'
  readonly format: StreamFormat
  readonly megabytesOfFile: number
  readonly examples: number
  readonly seconds: number
  readonly megabytesResident: readonly number[]
  readonly firstLoss: number
  readonly lastLoss: number
}

/**
 * Writes a file of some size, trains through it once, shuffled, and removes it, also when SIGINT or SIGTERM end the program.
 *
 * @param bytes of the file
 */
export const soakStreaming = async (format: StreamFormat, bytes: number): Promise<StreamingSoak> => {
  const folder = await mkdtemp(join(tmpdir(), 'grad-ts-streaming-'))
  const { signal, dispose } = abortOnSignals()
  try {
    const path = join(folder, `rows.${format}`)
    await pipeline(blocks(format, bytes), createWriteStream(path), { signal })
    return await trainThrough(format, path, bytes, signal)
  } finally {
    dispose()
    await rm(folder, { recursive: true, force: true })
  }
}

const trainThrough = async (format: StreamFormat, path: string, bytes: number, signal: AbortSignal): Promise<StreamingSoak> => {
  const started = performance.now()
  const [, block = Buffer.alloc(0)] = blocks(format, 1)
  const expected = 1024 * Math.ceil(bytes / block.length)
  const resident: number[] = []
  let examples = 0
  const observe = (event: TrainEvent): void => {
    if (event.tag !== 'step') return
    examples += event.examples
    if (examples >= (expected * (resident.length + 1)) / 10) resident.push(megabytes(process.memoryUsage().rss))
  }
  const run = await fitOrThrow({
    model: dense({ in: features, out: 1 }),
    loss: meanSquaredError,
    data: formats[format].read(path),
    solver: adam({ learningRate: 0.01 }),
    epochs: 1,
    batchSize: 256,
    observers: [observe],
    signal,
  })
  return {
    soak: 'streaming',
    format,
    megabytesOfFile: megabytes(bytes),
    examples,
    seconds: Math.round((performance.now() - started) / 1000),
    megabytesResident: resident,
    firstLoss: run.loss[0] ?? NaN,
    lastLoss: run.loss.at(-1) ?? NaN,
  }
}
