import { BinaryWriter } from '@bufbuild/protobuf/wire'
import crc32c from 'crc-32/crc32c.js'

/** The checksum of the record format: a CRC-32C, turned and shifted. */
const masked = (bytes: Uint8Array): number => {
  const crc = crc32c.buf(bytes) >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

/** Frames a message: length, its checksum, the message, its checksum. */
export const framed = (message: Uint8Array): Uint8Array => {
  const record = new Uint8Array(12 + message.length + 4)
  const view = new DataView(record.buffer)
  view.setBigUint64(0, BigInt(message.length), true)
  view.setUint32(8, masked(record.subarray(0, 8)), true)
  record.set(message, 12)
  view.setUint32(12 + message.length, masked(message), true)
  return record
}

// The fields of an `Event` message that are written: wall time 1, step 2, file version 3, summary 5, session log 7.
const timed = (seconds: number): BinaryWriter => new BinaryWriter().tag(1, 1).double(seconds)

/** Begins a file: names the version of the format. */
export const versionEvent = (seconds: number): Uint8Array => timed(seconds).tag(3, 2).string('brain.Event:2').finish()

/** Says that a run goes on at a step: readers forget what older files have from there on. */
export const sessionEvent = (seconds: number, step: number): Uint8Array =>
  timed(seconds).tag(2, 0).int64(step).tag(7, 2).fork().tag(1, 0).int32(1).join().finish()

/** Gives numbers by name at a step. */
export const scalarEvent = (seconds: number, step: number, values: Readonly<Record<string, number>>): Uint8Array => {
  const event = timed(seconds).tag(2, 0).int64(step).tag(5, 2).fork()
  // A summary holds values: each has a tag 1 and a float 2.
  for (const [name, value] of Object.entries(values)) event.tag(1, 2).fork().tag(1, 2).string(name).tag(2, 5).float(value).join()
  return event.join().finish()
}
