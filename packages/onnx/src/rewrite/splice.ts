import { fieldsOf } from '../import/wire.ts'
import type { Field } from '../import/wire.ts'

/** What becomes of a field: kept as it is, left out, or replaced by these bytes (tag included). */
export type Edit = 'keep' | 'drop' | readonly Uint8Array[]

const varint = (value: number): number[] => {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return [...bytes, rest]
}

/** A number as a field. */
export const integerField = (number: number, value: number): Uint8Array => Uint8Array.from([...varint(number * 8), ...varint(value)])

export const lengthOf = (parts: readonly Uint8Array[]): number => parts.reduce((total, part) => total + part.length, 0)

/** Bytes (or an inner message in parts) as a field, without a copy of the parts. */
export const bytesField = (number: number, parts: readonly Uint8Array[]): Uint8Array[] => [
  Uint8Array.from([...varint(number * 8 + 2), ...varint(lengthOf(parts))]),
  ...parts,
]

const encoder = new TextEncoder()

export const stringField = (number: number, text: string): Uint8Array[] => bytesField(number, [encoder.encode(text)])

/** Rebuilds a message: fields that are kept stay byte for byte what they were, in their order. */
export const splice = (bytes: Uint8Array, edit: (field: Field) => Edit): Uint8Array[] => {
  const parts: Uint8Array[] = []
  let keptFrom = 0
  for (const field of fieldsOf(bytes)) {
    const change = edit(field)
    if (change === 'keep') continue
    if (field.start > keptFrom) parts.push(bytes.subarray(keptFrom, field.start))
    if (change !== 'drop') parts.push(...change)
    keptFrom = field.to
  }
  if (keptFrom < bytes.length) parts.push(bytes.subarray(keptFrom))
  return parts
}

export const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  const result = new Uint8Array(lengthOf(parts))
  let at = 0
  for (const part of parts) {
    result.set(part, at)
    at += part.length
  }
  return result
}
