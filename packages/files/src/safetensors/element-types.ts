import type { Constant, DType, TypedArray } from '@grad-ts/tensor'
import { SafetensorsError } from '../errors.ts'
import { float16Bits, fromFloat16Bits } from './float16.ts'

const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/** An element type of the format, and what it becomes here. */
export interface Readable {
  /** Bytes per element. */
  readonly size: number
  readonly dtype: DType
  readonly get: (view: DataView, at: number) => number
}

// bfloat16 is the upper half of a float32.
const upperHalf = new DataView(new ArrayBuffer(4))
const fromBfloat16Bits = (bits: number): number => {
  upperHalf.setUint16(0, bits)
  return upperHalf.getFloat32(0)
}

/** Element types that can be read, and what they become. 64-bit integers must fit 32 bits. */
export const readable: Readonly<Record<string, Readable>> = {
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

/** Whether the bytes of the file are those that memory holds. */
export const isVerbatim = (code: string): boolean => littleEndian && (code === 'F64' || code === 'F32' || code === 'I32' || code === 'BOOL')

/** The bytes of a buffer. */
export const bytesOf = (data: TypedArray): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/**
 * Reads elements into a buffer.
 *
 * @param name of the tensor, for messages
 * @param code of the element type
 * @param into has room for them from position `start`
 */
export const decodeElements = (name: string, code: string, bytes: Uint8Array, into: TypedArray, start = 0): void => {
  const { size, dtype, get } = readable[code] as Readable
  if (isVerbatim(code)) return bytesOf(into).set(bytes, start * size)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let i = 0; i < bytes.length / size; i++) {
    const value = get(view, i * size)
    if (dtype === 'int32' && (value | 0) !== value) throw new SafetensorsError(`'${name}' holds ${value}, which does not fit int32`)
    into[start + i] = value
  }
}

/** Our element types in the file: code, bytes per element, and how one element is written. */
export const written: Readonly<
  Record<DType, { readonly code: string; readonly size: number; readonly put: (view: DataView, at: number, value: number) => void }>
> = {
  float64: { code: 'F64', size: 8, put: (view, at, value) => view.setFloat64(at, value, true) },
  float32: { code: 'F32', size: 4, put: (view, at, value) => view.setFloat32(at, value, true) },
  int32: { code: 'I32', size: 4, put: (view, at, value) => view.setInt32(at, value, true) },
  float16: { code: 'F16', size: 2, put: (view, at, value) => view.setUint16(at, float16Bits(value), true) },
  bool: { code: 'BOOL', size: 1, put: (view, at, value) => view.setUint8(at, value) },
}

/** The bytes of a tensor in the file; those of memory where they are the same. */
export const encodeElements = ({ attributes: { data }, dtype }: Constant): Uint8Array => {
  const { code, size, put } = written[dtype]
  if (isVerbatim(code)) return bytesOf(data)
  const bytes = new Uint8Array(data.length * size)
  const view = new DataView(bytes.buffer)
  data.forEach((value, i) => put(view, i * size, value))
  return bytes
}
