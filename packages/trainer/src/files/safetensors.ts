import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { allocate, constantOf, sizeOf } from '@grad-ts/tensor'
import type { Constant, DType, TypedArray } from '@grad-ts/tensor'
import { SafetensorsError } from '../errors.ts'
import { float16Bits, fromBfloat16Bits, fromFloat16Bits } from './float16.ts'

/** The tensors of a safetensors file by name, and its text metadata. */
export interface Safetensors {
  readonly tensors: Readonly<Record<string, Constant>>
  readonly metadata: Readonly<Record<string, string>>
}

/** Our element types in the file: code, bytes per element, and how one element is written. */
const written: Record<
  DType,
  { readonly code: string; readonly size: number; readonly put: (view: DataView, at: number, value: number) => void }
> = {
  float64: { code: 'F64', size: 8, put: (view, at, value) => view.setFloat64(at, value, true) },
  float32: { code: 'F32', size: 4, put: (view, at, value) => view.setFloat32(at, value, true) },
  int32: { code: 'I32', size: 4, put: (view, at, value) => view.setInt32(at, value, true) },
  float16: { code: 'F16', size: 2, put: (view, at, value) => view.setUint16(at, float16Bits(value), true) },
  bool: { code: 'BOOL', size: 1, put: (view, at, value) => view.setUint8(at, value) },
}

/** Element types that can be read, and what they become here. 64-bit integers must fit 32 bits. */
const readable: Record<string, { readonly size: number; readonly dtype: DType; readonly get: (view: DataView, at: number) => number }> = {
  F64: { size: 8, dtype: 'float64', get: (view, at) => view.getFloat64(at, true) },
  F32: { size: 4, dtype: 'float32', get: (view, at) => view.getFloat32(at, true) },
  F16: { size: 2, dtype: 'float16', get: (view, at) => fromFloat16Bits(view.getUint16(at, true)) },
  BF16: { size: 2, dtype: 'float32', get: (view, at) => fromBfloat16Bits(view.getUint16(at, true)) },
  I64: { size: 8, dtype: 'int32', get: (view, at) => Number(view.getBigInt64(at, true)) },
  I32: { size: 4, dtype: 'int32', get: (view, at) => view.getInt32(at, true) },
  I16: { size: 2, dtype: 'int32', get: (view, at) => view.getInt16(at, true) },
  I8: { size: 1, dtype: 'int32', get: (view, at) => view.getInt8(at) },
  U16: { size: 2, dtype: 'int32', get: (view, at) => view.getUint16(at, true) },
  U8: { size: 1, dtype: 'int32', get: (view, at) => view.getUint8(at) },
  BOOL: { size: 1, dtype: 'bool', get: (view, at) => view.getUint8(at) },
}

const Entry = t.type({ dtype: t.string, shape: t.array(t.Int), data_offsets: t.tuple([t.Int, t.Int]) })
type Entry = t.TypeOf<typeof Entry>

/** Wide elements first, so that every tensor starts on a multiple of its element size. */
const inFileOrder = (tensors: Readonly<Record<string, Constant>>): [string, Constant][] =>
  Object.entries(tensors).sort(([a, left], [b, right]) => written[right.dtype].size - written[left.dtype].size || (a < b ? -1 : 1))

const elementBytes = ({ attributes: { data }, dtype }: Constant): Uint8Array => {
  const { size, put } = written[dtype]
  if (size === data.BYTES_PER_ELEMENT && littleEndian) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const bytes = new Uint8Array(data.length * size)
  const view = new DataView(bytes.buffer)
  data.forEach((value, i) => put(view, i * size, value))
  return bytes
}

const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/**
 * Encodes tensors as a safetensors file, in pieces that need not be joined to be written.
 *
 * @param tensors by name
 * @param metadata text by key, kept under `__metadata__`
 */
export const encodeSafetensors = (
  tensors: Readonly<Record<string, Constant>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] => {
  const header: Record<string, unknown> = Object.keys(metadata).length === 0 ? {} : { __metadata__: metadata }
  const pieces: Uint8Array[] = []
  let offset = 0
  for (const [name, tensor] of inFileOrder(tensors)) {
    const bytes = elementBytes(tensor)
    header[name] = { dtype: written[tensor.dtype].code, shape: tensor.shape, data_offsets: [offset, offset + bytes.length] }
    pieces.push(bytes)
    offset += bytes.length
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const start = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(0x20)
  start.set(text, 8)
  new DataView(start.buffer).setBigUint64(0, BigInt(start.length - 8), true)
  return [start, ...pieces]
}

const readHeader = (bytes: Uint8Array): Record<string, unknown> => {
  if (bytes.length < 8) throw new SafetensorsError(`it has ${bytes.length} bytes, the header alone needs 8`)
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  if (length > bytes.length - 8)
    throw new SafetensorsError(
      `its header claims ${length} bytes, the file has ${bytes.length - 8} more; it is truncated or another format`,
    )
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length)))
    if (typeof header === 'object' && header !== null && !Array.isArray(header)) return header as Record<string, unknown>
  } catch (error) {
    throw new SafetensorsError(`its header is not JSON (${(error as Error).message})`)
  }
  throw new SafetensorsError('its header is not a JSON object')
}

const decodeEntry = (name: string, value: unknown): Entry => {
  const entry = Entry.decode(value)
  if (E.isLeft(entry))
    throw new SafetensorsError(`the entry of '${name}' needs dtype, shape and data_offsets, got ${JSON.stringify(value)}`)
  return entry.right
}

const readTensor = (name: string, entry: Entry, view: DataView): Constant => {
  const type = readable[entry.dtype]
  if (type === undefined)
    throw new SafetensorsError(`'${name}' has the element type ${entry.dtype}; readable are ${Object.keys(readable).join(', ')}`)
  const [start, end] = entry.data_offsets
  const size = sizeOf(entry.shape)
  if (entry.shape.some((length) => length < 0) || end - start !== size * type.size)
    throw new SafetensorsError(
      `'${name}' of shape [${entry.shape.join(', ')}] needs ${size * type.size} bytes, its offsets span ${end - start}`,
    )
  const data: TypedArray = allocate(type.dtype, size)
  for (let i = 0; i < size; i++) {
    const value = type.get(view, start + i * type.size)
    if (type.dtype === 'int32' && (value | 0) !== value) throw new SafetensorsError(`'${name}' holds ${value}, which does not fit int32`)
    data[i] = value
  }
  return constantOf(data, entry.shape, type.dtype)
}

/** The tensors must fill the rest of the file without gaps: a truncated or padded file is refused. */
const checkCover = (entries: readonly (readonly [string, Entry])[], size: number): void => {
  let position = 0
  for (const [name, { data_offsets: offsets }] of [...entries].sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  )) {
    if (offsets[0] !== position) throw new SafetensorsError(`'${name}' starts at ${offsets[0]}, expected ${position}`)
    position = offsets[1]
  }
  if (position !== size)
    throw new SafetensorsError(`its tensors end at ${position}, its data at ${size}; it is truncated or has foreign bytes at its end`)
}

/**
 * Decodes a safetensors file.
 *
 * @param bytes the whole file
 * @returns the tensors by name; element types that we lack widen (bfloat16 to float32, small integers to int32)
 */
export const decodeSafetensors = (bytes: Uint8Array): E.Either<SafetensorsError, Safetensors> =>
  E.tryCatch(
    () => {
      const { __metadata__: metadata = {}, ...rest } = readHeader(bytes)
      const start = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
      const entries = Object.entries(rest).map(([name, value]) => [name, decodeEntry(name, value)] as const)
      checkCover(entries, bytes.length - start)
      const view = new DataView(bytes.buffer, bytes.byteOffset + start)
      const tensors = Object.fromEntries(entries.map(([name, entry]) => [name, readTensor(name, entry, view)]))
      return { tensors, metadata: metadata as Record<string, string> }
    },
    (error) => {
      if (error instanceof SafetensorsError) return error
      throw error
    },
  )
