import { appendFile, mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import crc32c from 'crc-32/crc32c.js'
import { WriteError } from '@grad-ts/files'
import type { TrainEvent } from '../training/events.ts'
import { flatRecord } from './lines.ts'

/** The checksum of the record format: a CRC-32C, turned and shifted. */
const masked = (bytes: Uint8Array): number => {
  const crc = crc32c.buf(bytes) >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

/** Frames a message: length, its checksum, the message, its checksum. */
const framed = (message: Uint8Array): Uint8Array => {
  const record = new Uint8Array(12 + message.length + 4)
  const view = new DataView(record.buffer)
  view.setBigUint64(0, BigInt(message.length), true)
  view.setUint32(8, masked(record.subarray(0, 8)), true)
  record.set(message, 12)
  view.setUint32(12 + message.length, masked(message), true)
  return record
}

/** The fields of an `Event` message that are written: wall time 1, step 2, file version 3, summary 5. */
const startEvent = (seconds: number): Uint8Array => new BinaryWriter().tag(1, 1).double(seconds).tag(3, 2).string('brain.Event:2').finish()

const scalarEvent = (seconds: number, step: number, values: Readonly<Record<string, number>>): Uint8Array => {
  const event = new BinaryWriter().tag(1, 1).double(seconds).tag(2, 0).int64(step).tag(5, 2).fork()
  // A summary holds values: each has a tag 1 and a float 2.
  for (const [name, value] of Object.entries(values)) event.tag(1, 2).fork().tag(1, 2).string(name).tag(2, 5).float(value).join()
  return event.join().finish()
}

/** Names as TensorBoard groups them. */
const grouped = (values: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => name !== 'epoch' && name !== 'step')
      .map(([name, value]) => [name.startsWith('validation ') ? `validation/${name.slice(11)}` : `training/${name}`, value]),
  )

/**
 * Makes an observer that writes an event file for TensorBoard: the numbers of every epoch, and of every n-th update.
 *
 * @param folder a run's folder; `tensorboard --logdir` takes the one above it
 * @param options.everySteps default 10
 */
export const tensorBoard = (
  folder: string,
  { everySteps = 10 }: { readonly everySteps?: number } = {},
): ((event: TrainEvent) => Promise<void>) => {
  let path: string | undefined
  const write = async (...messages: readonly Uint8Array[]): Promise<void> => {
    const now = Date.now() / 1000
    try {
      if (path === undefined) {
        await mkdir(folder, { recursive: true })
        path = join(folder, `events.out.tfevents.${Math.floor(now)}.${hostname()}.${process.pid}`)
        await appendFile(path, framed(startEvent(now)))
      }
      await appendFile(path, Buffer.concat(messages.map(framed)))
    } catch (cause) {
      throw new WriteError(path ?? folder, cause)
    }
  }
  return async (event) => {
    const now = Date.now() / 1000
    if (event.tag === 'epoch') await write(scalarEvent(now, event.record.step, grouped(flatRecord(event.record))))
    if (event.tag === 'step' && event.step % everySteps === 0) {
      const { loss, learningRate, gradientNorm, updateRatio } = event
      const known = Object.entries({ loss, learningRate, gradientNorm, updateRatio }).filter(([, value]) => value !== undefined)
      await write(scalarEvent(now, event.step, Object.fromEntries(known.map(([name, value]) => [`step/${name}`, value as number]))))
    }
  }
}
