import { abs, add, cast, div, expandDims, floor, mod, mul, pow, sub, sum, tensor, where, less, greaterEqual } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { elementTypeAt, stringAttribute, tensorAt } from '../call.ts'
import type { Converter } from '../call.ts'
import { wrapTo } from './cast.ts'
import { elementType } from '../ir.ts'

const powers = tensor(
  Float64Array.from({ length: 32 }, (_, i) => 2 ** i),
  { shape: [32], dtype: 'float64' },
)

/** The 32 bits of an integer as 0 and 1, along a new last axis. */
const bitsOf = (x: Tensor): Tensor => mod(floor(div(expandDims(cast(x, 'float64'), -1), powers)), 2)

const fromBits = (bits: Tensor): Tensor => {
  const value = sum(mul(bits, powers), { axes: -1 })
  return cast(where(greaterEqual(value, 2 ** 31), sub(value, 2 ** 32), value), 'int32')
}

/** Providers have no operators on bits for all integers, so each bit is a number of its own. */
const bitwise =
  (fn: (a: Tensor, b: Tensor) => Tensor): Converter =>
  (call) =>
    fromBits(fn(bitsOf(tensorAt(call, 0)), bitsOf(tensorAt(call, 1))))

const largest: Readonly<Record<number, number>> = { [elementType.uint8]: 255, [elementType.uint16]: 65_535 }

const complement: Converter = (call) => sub(largest[elementTypeAt(call, 0) ?? 0] ?? -1, tensorAt(call, 0))

/** Shifts of numbers that are not negative: products with and quotients by powers of two. */
const shift: Converter = (call) => {
  const [x, places] = [tensorAt(call, 0), tensorAt(call, 1)]
  const factor = pow(tensor(2, { dtype: 'float64' }), cast(places, 'float64'))
  const value = cast(x, 'float64')
  if (stringAttribute(call, 'direction', 'LEFT') === 'RIGHT') return cast(floor(div(value, factor)), 'int32')
  const low = mod(mul(value, factor), 2 ** 32)
  return wrapTo(cast(where(less(low, 2 ** 31), low, sub(low, 2 ** 32)), 'int32'), elementTypeAt(call, 0) ?? 0)
}

/** Operators on the bits of integers. */
export const bits: Readonly<Record<string, Converter>> = {
  BitShift: shift,
  BitwiseAnd: bitwise(mul),
  BitwiseNot: complement,
  BitwiseOr: bitwise((a, b) => sub(add(a, b), mul(a, b))),
  BitwiseXor: bitwise((a, b) => abs(sub(a, b))),
}
