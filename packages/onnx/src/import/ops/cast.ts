import { add, cast, mod, sub } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { elementTypeAt, fail, intAttribute, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { dtypeOf } from '../elements.ts'
import { elementType } from '../ir.ts'

/** Bits of integer types that are narrower than int32. */
const narrow: Readonly<Record<number, number>> = {
  [elementType.uint8]: 8,
  [elementType.int8]: 8,
  [elementType.uint16]: 16,
  [elementType.int16]: 16,
  [elementType.uint4]: 4,
  [elementType.int4]: 4,
}

const signed = new Set<number>([elementType.int8, elementType.int16, elementType.int4])

/** Keeps the low bits that a narrow integer has. */
export const wrapTo = (x: Tensor, type: number): Tensor => {
  const bits = narrow[type]
  if (bits === undefined) return x
  const half = signed.has(type) ? 2 ** (bits - 1) : 0
  return sub(mod(add(x, half), 2 ** bits), half)
}

const castTo = (call: Call, x: Tensor, type: number): Tensor => {
  const dtype = dtypeOf(type, call.reading.float)
  if (dtype === undefined) return fail(call, 'cannot convert to this element type; expected floats, integers or bool')
  // Computed in float64, what the file rounds to 1 may stay just below and be cut to 0.
  const asInFile = x.dtype === 'float64' && call.reading.float === 'float64' && dtype === 'int32' ? cast(x, 'float32') : x
  return x.dtype === 'bool' ? cast(x, dtype) : wrapTo(cast(asInFile, dtype), type)
}

/** Conversions of element types. */
export const casts: Readonly<Record<string, Converter>> = {
  Cast: (call) => castTo(call, tensorAt(call, 0), intAttribute(call, 'to', 0)),
  CastLike: (call) => {
    const type = elementTypeAt(call, 1)
    return type === undefined ? cast(tensorAt(call, 0), tensorAt(call, 1).dtype) : castTo(call, tensorAt(call, 0), type)
  },
}
