import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { showShape, sizeOf } from '@grad-ts/tensor'
import { SafetensorsError } from '../errors.ts'
import { readable } from './element-types.ts'

const Entry = t.type({ dtype: t.string, shape: t.array(t.Int), data_offsets: t.tuple([t.Int, t.Int]) })

/** Where a tensor lies in a file, and what it holds. */
export interface TensorEntry {
  readonly name: string
  /** Its element type in the file, such as `BF16`. */
  readonly code: string
  readonly shape: readonly number[]
  /** Bytes from the start of the file. */
  readonly start: number
  readonly end: number
}

/** What a file says of itself before its tensors. */
export interface Header {
  readonly tensors: ReadonlyMap<string, TensorEntry>
  readonly metadata: Readonly<Record<string, string>>
}

/** Bytes before the header: its length. */
export const prefix = 8
// The limit of the reference implementation: no real header comes near it.
const longest = 100_000_000

/** The length of the header, from the first eight bytes of a file of this size. */
export const headerLength = (start: Uint8Array, size: number): number => {
  if (start.length < prefix) throw new SafetensorsError(`it has ${start.length} bytes, the header alone needs ${prefix}`)
  const length = Number(new DataView(start.buffer, start.byteOffset).getBigUint64(0, true))
  if (length > size - prefix)
    throw new SafetensorsError(`its header claims ${length} bytes, the file has ${size - prefix} more; it is truncated or another format`)
  if (length > longest) throw new SafetensorsError(`its header claims ${length} bytes, more than the ${longest} that the format allows`)
  return length
}

const parse = (text: Uint8Array): Record<string, unknown> => {
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text))
    if (typeof header === 'object' && header !== null && !Array.isArray(header)) return header as Record<string, unknown>
  } catch (error) {
    throw new SafetensorsError(`its header is not JSON (${(error as Error).message})`)
  }
  throw new SafetensorsError('its header is not a JSON object')
}

const entryOf = (name: string, value: unknown, base: number): TensorEntry => {
  const decoded = Entry.decode(value)
  if (E.isLeft(decoded))
    throw new SafetensorsError(`the entry of '${name}' needs dtype, shape and data_offsets, got ${JSON.stringify(value)}`)
  const { dtype: code, shape, data_offsets: offsets } = decoded.right
  const type = Object.hasOwn(readable, code) ? readable[code] : undefined
  if (type === undefined)
    throw new SafetensorsError(`'${name}' has the element type ${code}; readable are ${Object.keys(readable).join(', ')}`)
  const bytes = sizeOf(shape) * type.size
  if (shape.some((length) => length < 0) || offsets[1] - offsets[0] !== bytes)
    throw new SafetensorsError(`'${name}' of shape ${showShape(shape)} needs ${bytes} bytes, its offsets span ${offsets[1] - offsets[0]}`)
  return { name, code, shape, start: base + offsets[0], end: base + offsets[1] }
}

/** The tensors must fill the rest of the file without gaps: a truncated or padded file is refused. */
const checkCover = (entries: readonly TensorEntry[], base: number, size: number): void => {
  let position = base
  for (const { name, start, end } of [...entries].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== position) throw new SafetensorsError(`'${name}' starts at ${start - base}, expected ${position - base}`)
    position = end
  }
  if (position !== size)
    throw new SafetensorsError(
      `its tensors end at ${position - base}, its data at ${size - base}; it is truncated or has foreign bytes at its end`,
    )
}

/**
 * Decodes a header and checks it against the size of the file.
 *
 * @param text the bytes of the JSON
 * @param size of the whole file
 */
export const decodeHeader = (text: Uint8Array, size: number): Header => {
  const { __metadata__: metadata = {}, ...rest } = parse(text)
  if (!t.record(t.string, t.string).is(metadata)) throw new SafetensorsError('its metadata are not text by key')
  const base = prefix + text.length
  const entries = Object.entries(rest).map(([name, value]) => entryOf(name, value, base))
  checkCover(entries, base, size)
  return { tensors: new Map(entries.map((entry) => [entry.name, entry])), metadata }
}
