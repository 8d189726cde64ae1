import { createHash } from 'node:crypto'
import { deserialize, serialize } from 'node:v8'

const magic = Buffer.from('grad-ts plan 1\n')
const digestLength = 32

const digest = (key: string, payload: Uint8Array): Buffer => createHash('sha256').update(key).update(payload).digest()

/** Writes plain data as the bytes of a file that can tell whether it is whole, and whose it is. */
export const encodeEntry = (key: string, value: unknown): Buffer => {
  const payload = serialize(value)
  return Buffer.concat([magic, digest(key, payload), payload])
}

/** Reads such a file; nothing when it was damaged, cut off, or written under another name or by something else. */
export const decodeEntry = (key: string, bytes: Buffer): unknown => {
  const start = magic.length + digestLength
  if (bytes.length < start || !bytes.subarray(0, magic.length).equals(magic)) return undefined
  const payload = bytes.subarray(start)
  if (!bytes.subarray(magic.length, start).equals(digest(key, payload))) return undefined
  try {
    return deserialize(payload)
  } catch {
    // A later version of Node wrote it.
    return undefined
  }
}
