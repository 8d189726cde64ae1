import { constantOf, roundTo, sizeOf } from '@grad-ts/tensor'
import type { Constant, DType, FloatDType, TypedArray } from '@grad-ts/tensor'
import { allocate } from '@grad-ts/tensor'
import { OnnxExternalDataError, OnnxGraphError } from './errors.ts'
import { elementType, showElementType } from './ir.ts'
import type { StoredTensor } from './ir.ts'

/** The bytes of an external file, from an offset; `undefined` length means up to its end. Who asks may keep them. */
export type ReadExternal = (location: string, offset: number, length: number | undefined) => Uint8Array

/** Bits of one stored element. */
const widths: Readonly<Record<number, number>> = {
  [elementType.float]: 32,
  [elementType.uint8]: 8,
  [elementType.int8]: 8,
  [elementType.uint16]: 16,
  [elementType.int16]: 16,
  [elementType.int32]: 32,
  [elementType.int64]: 64,
  [elementType.bool]: 8,
  [elementType.float16]: 16,
  [elementType.double]: 64,
  [elementType.uint32]: 32,
  [elementType.uint64]: 64,
  [elementType.bfloat16]: 16,
  [elementType.uint4]: 4,
  [elementType.int4]: 4,
}

export const isFloatType = (type: number): boolean =>
  type === elementType.float || type === elementType.double || type === elementType.float16 || type === elementType.bfloat16

const fileFloats: Readonly<Record<number, FloatDType>> = {
  [elementType.float]: 'float32',
  [elementType.double]: 'float64',
  [elementType.float16]: 'float16',
  [elementType.bfloat16]: 'float32',
}

/** The dtype that elements of a type become: integers int32, floats as in the file or all as asked for. */
export const dtypeOf = (type: number, float: FloatDType | undefined): DType | undefined => {
  if (widths[type] === undefined) return undefined
  if (isFloatType(type)) return float ?? fileFloats[type]
  return type === elementType.bool ? 'bool' : 'int32'
}

const halfToNumber = (bits: number): number => {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const scratch = new DataView(new ArrayBuffer(4))

const brainToNumber = (bits: number): number => {
  scratch.setUint16(0, bits)
  scratch.setUint16(2, 0)
  return scratch.getFloat32(0)
}

/** How one element is read from little-endian bytes. */
const readers: Readonly<Record<number, (view: DataView, i: number) => number>> = {
  [elementType.float]: (view, i) => view.getFloat32(i * 4, true),
  [elementType.uint8]: (view, i) => view.getUint8(i),
  [elementType.int8]: (view, i) => view.getInt8(i),
  [elementType.uint16]: (view, i) => view.getUint16(i * 2, true),
  [elementType.int16]: (view, i) => view.getInt16(i * 2, true),
  [elementType.int32]: (view, i) => view.getInt32(i * 4, true),
  [elementType.int64]: (view, i) => view.getInt32(i * 8 + 4, true) * 2 ** 32 + view.getUint32(i * 8, true),
  [elementType.bool]: (view, i) => view.getUint8(i),
  [elementType.float16]: (view, i) => halfToNumber(view.getUint16(i * 2, true)),
  [elementType.double]: (view, i) => view.getFloat64(i * 8, true),
  [elementType.uint32]: (view, i) => view.getUint32(i * 4, true),
  [elementType.uint64]: (view, i) => view.getUint32(i * 8 + 4, true) * 2 ** 32 + view.getUint32(i * 8, true),
  [elementType.bfloat16]: (view, i) => brainToNumber(view.getUint16(i * 2, true)),
  [elementType.uint4]: (view, i) => (view.getUint8(i >> 1) >> ((i & 1) * 4)) & 15,
  [elementType.int4]: (view, i) => (view.getUint8(i >> 1) << (28 - (i & 1) * 4)) >> 28,
}

// Half floats in `int32_data` are bit patterns.
const fromField = (type: number, value: number): number =>
  type === elementType.float16 ? halfToNumber(value) : type === elementType.bfloat16 ? brainToNumber(value) : value

/** int64 narrows to the nearest int32: huge slice ends and the like keep their meaning. */
const narrow = (value: number): number => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(value)))

const settleOne = (dtype: DType, value: number): number =>
  dtype === 'int32' ? narrow(value) : dtype === 'float16' ? roundTo(dtype, value) : value

const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1

/** The common case, without a loop: numbers that stay what they are. Bytes of one's own become the result. */
const taken = (bytes: Uint8Array, stored: StoredTensor, dtype: DType, size: number, isOwn: boolean): TypedArray | undefined => {
  if (!littleEndian) return undefined
  const plain =
    stored.type === elementType.float && dtype === 'float32'
      ? Float32Array
      : stored.type === elementType.int32 && dtype === 'int32'
        ? Int32Array
        : undefined
  if (plain === undefined) return undefined
  if (isOwn && bytes.byteOffset % 4 === 0) return new plain(bytes.buffer as ArrayBuffer, bytes.byteOffset, size)
  const result = new plain(size)
  new Uint8Array(result.buffer).set(bytes.subarray(0, size * 4))
  return result
}

const fromBytes = (bytes: Uint8Array, stored: StoredTensor, dtype: DType, size: number): TypedArray => {
  const quick = taken(bytes, stored, dtype, size, stored.data.tag === 'external')
  if (quick !== undefined) return quick
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const read = readers[stored.type] as (view: DataView, i: number) => number
  const data = allocate(dtype, size)
  for (let i = 0; i < size; i++) data[i] = dtype === 'bool' ? Number(read(view, i) !== 0) : settleOne(dtype, read(view, i))
  return data
}

const wrong = (stored: StoredTensor, reason: string): never => {
  throw new OnnxGraphError(stored.name, `tensor '${stored.name}' (${showElementType(stored.type)}[${stored.shape.join(', ')}]): ${reason}`)
}

/** How many bytes the elements of a tensor take in a file. */
export const bytesNeeded = ({ type, shape }: StoredTensor): number => Math.ceil((sizeOf(shape) * (widths[type] ?? 0)) / 8)

const externalBytes = (stored: StoredTensor, needed: number, read: ReadExternal): Uint8Array => {
  const { data } = stored
  if (data.tag !== 'external') return new Uint8Array(0)
  const { location, offset, length } = data
  if (!Number.isSafeInteger(offset) || offset < 0 || (length !== undefined && length !== needed))
    throw new OnnxExternalDataError(
      location,
      `tensor '${stored.name}': expected ${needed} bytes in '${location}', the model says offset ${offset}, length ${length ?? 'to the end'}`,
    )
  const bytes = read(location, offset, needed)
  if (bytes.length < needed)
    throw new OnnxExternalDataError(
      location,
      `tensor '${stored.name}': expected ${needed} bytes in '${location}' from ${offset}, got ${bytes.length}; the file is cut off`,
    )
  return bytes
}

/**
 * Turns a stored tensor into a constant.
 *
 * @param float the dtype for floats of every width; `undefined` keeps the file's
 * @throws {OnnxGraphError} when the elements do not fill the shape
 */
export const constantFrom = (stored: StoredTensor, float: FloatDType | undefined, external: ReadExternal): Constant => {
  const dtype = dtypeOf(stored.type, float)
  if (dtype === undefined) return wrong(stored, 'tensors of this type cannot be read; expected floats, integers or bools')
  if (stored.shape.some((length) => !Number.isSafeInteger(length) || length < 0)) return wrong(stored, 'expected lengths of 0 or more')
  const size = sizeOf(stored.shape)
  const { data } = stored
  if (data.tag === 'values') {
    // Half bytes lie two in a number, as they lie in raw bytes.
    if (widths[stored.type] === 4)
      return constantFrom({ ...stored, data: { tag: 'raw', bytes: Uint8Array.from(data.values) } }, float, external)
    if (data.values.length !== size) return wrong(stored, `expected ${size} elements, got ${data.values.length}`)
    const elements = allocate(dtype, size)
    for (let i = 0; i < size; i++) elements[i] = settleOne(dtype, fromField(stored.type, data.values[i] as number))
    return constantOf(elements, stored.shape, dtype)
  }
  const needed = bytesNeeded(stored)
  if (data.tag === 'raw' && data.bytes.length !== needed)
    return wrong(stored, `expected ${needed} bytes of elements, got ${data.bytes.length}`)
  const bytes = data.tag === 'raw' ? data.bytes : externalBytes(stored, needed, external)
  return constantOf(fromBytes(bytes, stored, dtype, size), stored.shape, dtype)
}
