import type { Constant, TypedArray } from '@grad-ts/tensor'
import { elementType } from '../import/ir.ts'
import { isFloatType } from '../import/elements.ts'
import type { OnnxSource } from '../import/types.ts'
import type { Held } from './weights.ts'
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

const elementBytes = (type: number, value: Constant): Uint8Array =>
  (encoders[type] as (data: TypedArray) => Uint8Array)(value.attributes.data)

/** The elements that a weight will have in the new file; nothing where the old ones in the message stay. */
export const newElements = (
  source: OnnxSource,
  values: ReadonlyMap<string, Constant>,
  { name, stored }: Pick<Held, 'name' | 'stored'>,
): (() => Uint8Array) | undefined => {
  const changed = values.get(name)
  if (changed !== undefined) return () => elementBytes(stored.type, changed)
  if (stored.data.tag !== 'external') return undefined
  const integers = source.integers.get(name)
  return integers === undefined ? () => elementBytes(stored.type, source.weights.get(name) as Constant) : () => integers
}

/** The same also for elements that only lie in the message. */
export const allElements = (source: OnnxSource, values: ReadonlyMap<string, Constant>, held: Held): (() => Uint8Array) | undefined => {
  const fresh = newElements(source, values, held)
  const known = source.weights.get(held.name)
  if (fresh !== undefined || known === undefined || !isFloatType(held.stored.type)) return fresh
  return () => elementBytes(held.stored.type, known)
}

/** Where the elements of a tensor lie that are not in its message. */
export interface Outside {
  readonly location: string
  readonly offset: number
  readonly length: number
}

const entry = (key: string, value: string): Uint8Array[] => bytesField(13, [...stringField(1, key), ...stringField(2, value)])

const outsideFields = ({ location, offset, length }: Outside): Uint8Array[] => [
  ...entry('location', location),
  ...entry('offset', String(offset)),
  ...entry('length', String(length)),
  integerField(14, 1),
]

// float, int32, string, int64, raw, double, uint64 data; external entries; location.
const holdsData = new Set([4, 5, 6, 7, 9, 10, 11, 13, 14])

/** Puts other fields in the place of a TensorProto's elements; name, shape, type and all else stay. */
const withData = (message: Uint8Array, fields: readonly Uint8Array[]): Uint8Array[] => {
  let isPlaced = false
  const place = (): Edit => {
    if (isPlaced) return 'drop'
    isPlaced = true
    return fields
  }
  const parts = splice(message, ({ number }) => (holdsData.has(number) ? place() : 'keep'))
  return isPlaced ? parts : [...parts, ...fields]
}

/** Puts new elements into a TensorProto. */
export const withElements = (message: Uint8Array, elements: Uint8Array): Uint8Array[] => withData(message, bytesField(9, [elements]))

/** Lets a TensorProto say that its elements lie elsewhere. */
export const withOutside = (message: Uint8Array, outside: Outside): Uint8Array[] => withData(message, outsideFields(outside))
