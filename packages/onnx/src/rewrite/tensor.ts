import type { Constant, TypedArray } from '@grad-ts/tensor'
import { elementType } from '../import/ir.ts'
import type { StoredTensor } from '../import/ir.ts'
import { float16Bits } from '../schema/float16.ts'
import { bytesField, integerField, splice, stringField } from './splice.ts'
import type { Edit } from './splice.ts'

const viewOf = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

const scratch = new DataView(new ArrayBuffer(4))

/** The nearest bfloat16, ties to even. */
const brainBits = (value: number): number => {
  if (Number.isNaN(value)) return 0x7fc0
  scratch.setFloat32(0, value)
  const bits = scratch.getUint32(0)
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
}

/** Elements as little-endian bytes of the type that the file has. */
const encoders: Readonly<Record<number, (data: TypedArray) => Uint8Array>> = {
  [elementType.float]: (data) => viewOf(data instanceof Float32Array ? data : Float32Array.from(data)),
  [elementType.double]: (data) => viewOf(data instanceof Float64Array ? data : Float64Array.from(data)),
  [elementType.float16]: (data) => viewOf(float16Bits(Float32Array.from(data))),
  [elementType.bfloat16]: (data) => viewOf(Uint16Array.from(data, brainBits)),
}

export const elementBytes = (stored: StoredTensor, value: Constant): Uint8Array =>
  (encoders[stored.type] as (data: TypedArray) => Uint8Array)(value.attributes.data)

/** Where a tensor's elements go: into the message, or into a file beside it. */
export type Placement = { readonly tag: 'inline' } | { readonly tag: 'external'; readonly location: string; readonly offset: number }

const entry = (key: string, value: string): Uint8Array[] => bytesField(13, [...stringField(1, key), ...stringField(2, value)])

const dataFields = (bytes: Uint8Array, placement: Placement): Uint8Array[] => {
  if (placement.tag === 'inline') return bytesField(9, [bytes])
  const { location, offset } = placement
  return [...entry('location', location), ...entry('offset', String(offset)), ...entry('length', String(bytes.length)), integerField(14, 1)]
}

// float, int32, string, int64, raw, double, uint64 data; external entries; location.
const holdsData = new Set([4, 5, 6, 7, 9, 10, 11, 13, 14])

/** Puts new elements into a TensorProto; name, shape, type and all else stay. */
export const withElements = (message: Uint8Array, elements: Uint8Array, placement: Placement): Uint8Array[] => {
  let isPlaced = false
  const place = (): Edit => {
    if (isPlaced) return 'drop'
    isPlaced = true
    return dataFields(elements, placement)
  }
  const parts = splice(message, ({ number }) => (holdsData.has(number) ? place() : 'keep'))
  return isPlaced ? parts : [...parts, ...dataFields(elements, placement)]
}
