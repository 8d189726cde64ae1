import { OnnxFormatError } from './errors.ts'

/** One field of a protobuf message: where it lies and, for numbers, its value. */
export interface Field {
  readonly number: number
  /** 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes. */
  readonly wire: number
  /** Where the field starts, its tag included. */
  readonly start: number
  /** Where its payload starts and ends. */
  readonly from: number
  readonly to: number
}

const damaged = (what: string, at: number): never => {
  throw new OnnxFormatError(`not a valid ONNX file: ${what} at byte ${at}; the file is damaged, cut off or not an ONNX model`)
}

interface Cursor {
  at: number
}

/** Reads a varint as a number, two's complement over 64 bits; beyond 2^53 the nearest double. */
const varint = (bytes: Uint8Array, cursor: Cursor, end: number): number => {
  const start = cursor.at
  let low = 0
  let high = 0
  for (let shift = 0; shift < 70; shift += 7) {
    if (cursor.at >= end) return damaged('a number is cut off', start)
    const byte = bytes[cursor.at++] as number
    const bits = byte & 0x7f
    if (shift < 28) low |= bits << shift
    else if (shift === 28) {
      low |= bits << 28
      high = bits >>> 4
    } else if (shift < 63) high |= bits << (shift - 32)
    else high |= (bits & 1) << 31
    if (byte < 0x80) return (high | 0) * 2 ** 32 + (low >>> 0)
  }
  return damaged('a number has too many bytes', start)
}

const lengthOf = (bytes: Uint8Array, wire: number, cursor: Cursor, end: number): number => {
  switch (wire) {
    case 0: {
      const at = cursor.at
      varint(bytes, cursor, end)
      const length = cursor.at - at
      cursor.at = at
      return length
    }
    case 1:
      return 8
    case 2:
      return varint(bytes, cursor, end)
    case 5:
      return 4
    default:
      return damaged(`a field of unknown kind ${wire}`, cursor.at)
  }
}

/** Walks the fields of the message that lies in `bytes` between two positions. */
export function* fieldsOf(bytes: Uint8Array, from = 0, end = bytes.length): Generator<Field> {
  const cursor: Cursor = { at: from }
  while (cursor.at < end) {
    const start = cursor.at
    const tag = varint(bytes, cursor, end)
    const wire = tag & 7
    const number = Math.floor(tag / 8)
    if (number < 1 || number >= 2 ** 29) damaged('a field without a number', start)
    const length = lengthOf(bytes, wire, cursor, end)
    const payload = cursor.at
    if (length < 0 || payload + length > end) damaged(`field ${number} is cut off`, start)
    yield { number, wire, start, from: payload, to: payload + length }
    cursor.at = payload + length
  }
}

const expectWire = (field: Field, wire: number): void => {
  if (field.wire !== wire) damaged(`field ${field.number} is of kind ${field.wire}, expected ${wire}`, field.start)
}

const decoder = new TextDecoder('utf-8', { fatal: false })

/** The payload as bytes, without a copy. */
export const bytesOf = (bytes: Uint8Array, field: Field): Uint8Array => {
  expectWire(field, 2)
  return bytes.subarray(field.from, field.to)
}

export const stringOf = (bytes: Uint8Array, field: Field): string => decoder.decode(bytesOf(bytes, field))

export const integerOf = (bytes: Uint8Array, field: Field): number => {
  expectWire(field, 0)
  return varint(bytes, { at: field.from }, field.to)
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export const floatOf = (bytes: Uint8Array, field: Field): number => {
  expectWire(field, 5)
  return viewOf(bytes).getFloat32(field.from, true)
}

/** A repeated integer field, packed or not, appended to a list. */
export const pushIntegers = (bytes: Uint8Array, field: Field, values: number[]): void => {
  if (field.wire === 0) {
    values.push(integerOf(bytes, field))
    return
  }
  expectWire(field, 2)
  const cursor: Cursor = { at: field.from }
  while (cursor.at < field.to) values.push(varint(bytes, cursor, field.to))
}

/** A repeated float or double field, packed or not, appended to a list. */
export const pushFloats = (bytes: Uint8Array, field: Field, width: 4 | 8, values: number[]): void => {
  if (field.wire !== 2) expectWire(field, width === 4 ? 5 : 1)
  if ((field.to - field.from) % width !== 0) damaged('a list of floats is cut off', field.start)
  const view = viewOf(bytes)
  for (let at = field.from; at < field.to; at += width) values.push(width === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true))
}
