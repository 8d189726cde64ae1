import {
  add,
  broadcastTo,
  cast,
  clamp,
  div,
  equal,
  isFloat,
  max,
  maximum,
  min,
  minimum,
  mul,
  reshape,
  round,
  slice,
  stopGradient,
  sub,
  where,
} from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import { elementTypeAt, fail, has, intAttribute, optionalAt, optionalInt, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { dtypeOf } from '../elements.ts'
import { elementType } from '../ir.ts'
import { positionOf } from './layout.ts'

/** The smallest and largest number of each quantised type. */
const ranges: Readonly<Record<number, readonly [number, number]>> = {
  [elementType.uint8]: [0, 255],
  [elementType.int8]: [-128, 127],
  [elementType.uint16]: [0, 65_535],
  [elementType.int16]: [-32_768, 32_767],
  [elementType.uint4]: [0, 15],
  [elementType.int4]: [-8, 7],
}

/** The nearest integer, ties to even; a gradient passes as if nothing were rounded. */
export const rounded = (x: Tensor): Tensor => add(x, stopGradient(sub(round(x), x)))

/** Lays a scale or zero point beside a tensor: one for all, one for each place of an axis, or one for each block of it. */
export const besides = (call: Call, x: Tensor, factor: Tensor, axis: number, block = 0): Tensor => {
  if (factor.shape.length === 0 || (factor.shape.length === 1 && factor.shape[0] === 1)) return reshape(factor, [])
  const at = positionOf(call, axis, x.shape.length)
  if (factor.shape.length === 1)
    return reshape(
      factor,
      x.shape.map((_, i) => (i === at ? (factor.shape[0] as number) : 1)),
    )
  if (block < 1 || factor.shape.length !== x.shape.length) return factor
  const [before, blocks, after] = [factor.shape.slice(0, at), factor.shape[at] as number, factor.shape.slice(at + 1)]
  const wide = broadcastTo(reshape(factor, [...before, blocks, 1, ...after]), [...before, blocks, block, ...after])
  const repeated = reshape(wide, [...before, blocks * block, ...after])
  return slice(
    repeated,
    repeated.shape.map((_, i) => (i === at ? { end: x.shape[at] as number } : null)),
  )
}

const floatDTypeOf = (call: Call, type: number | undefined, fallback: Tensor): FloatDType => {
  const dtype = type === undefined || type === 0 ? undefined : dtypeOf(type, call.reading.float)
  return dtype !== undefined && isFloat(dtype) ? dtype : (fallback.dtype as FloatDType)
}

/** (x − zero) · scale. */
export const dequantised = (x: Tensor, scale: Tensor, zero: Tensor | undefined): Tensor => {
  const wide = cast(x, scale.dtype)
  return mul(zero === undefined ? wide : sub(wide, cast(zero, scale.dtype)), scale)
}

/** round(x) + zero, kept inside a type's range. Quantised numbers stay floats with integer values, so that gradients pass. */
export const saturated = (x: Tensor, zero: Tensor | undefined, [low, high]: readonly [number, number]): Tensor => {
  // What lies outside, infinities too, is cut off first.
  if (zero === undefined) return rounded(clamp(x, low, high))
  const middle = cast(zero, x.dtype)
  return add(rounded(clamp(x, sub(low, middle), sub(high, middle))), middle)
}

/** The range of the type that a zero point has; uint8 without one. */
export const rangeAt = (call: Call, i: number): readonly [number, number] =>
  ranges[elementTypeAt(call, i) ?? elementType.uint8] ?? fail(call, `input ${i}: expected a quantised type`)

const axisOf = (call: Call): number => intAttribute(call, 'axis', 1)

const dequantizeLinear: Converter = (call) => {
  const x = tensorAt(call, 0)
  const block = intAttribute(call, 'block_size', 0)
  const beside = (i: number): Tensor => besides(call, x, tensorAt(call, i), axisOf(call), block)
  const result = dequantised(x, beside(1), has(call, 2) ? beside(2) : undefined)
  return cast(result, floatDTypeOf(call, optionalInt(call, 'output_dtype'), result))
}

const quantizeLinear: Converter = (call) => {
  const x = tensorAt(call, 0)
  const block = intAttribute(call, 'block_size', 0)
  const beside = (i: number): Tensor => besides(call, x, tensorAt(call, i), axisOf(call), block)
  const asked = intAttribute(call, 'output_dtype', 0)
  const range = asked === 0 ? rangeAt(call, 2) : (ranges[asked] ?? fail(call, `quantised numbers of element type ${asked} cannot be read`))
  const scale = beside(1)
  return saturated(div(cast(x, scale.dtype), scale), has(call, 2) ? beside(2) : undefined, range)
}

/** The scale and zero point that make uint8 of a tensor; no gradient passes through them. */
export const dynamicScale = (x: Tensor): readonly [scale: Tensor, zero: Tensor] => {
  const [low, high] = [minimum(min(x), 0), maximum(max(x), 0)]
  // A tensor of zeros has any scale.
  const scale = stopGradient(where(equal(high, low), 1, div(sub(high, low), 255)))
  return [scale, stopGradient(clamp(round(div(sub(0, low), scale)), 0, 255))]
}

/** A tensor as it comes back from uint8. */
export const dynamicallyQuantised = (x: Tensor): Tensor => {
  const [scale, zero] = dynamicScale(x)
  return dequantised(saturated(div(x, scale), zero, [0, 255]), scale, zero)
}

const dynamicQuantizeLinear: Converter = (call) => {
  const x = tensorAt(call, 0)
  const [scale, zero] = dynamicScale(x)
  return [saturated(div(x, scale), zero, [0, 255]), scale, zero]
}

/** Linear quantisation as arithmetic on floats. */
export const quantised: Readonly<Record<string, Converter>> = {
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
  QuantizeLinear: quantizeLinear,
}

/** A quantised operand: its numbers, scale and zero point at three inputs, the last two beside an axis. */
export const operandAt = (call: Call, i: number, axis?: number): Tensor => {
  const x = tensorAt(call, i)
  const beside = (factor: Tensor | undefined): Tensor | undefined =>
    factor === undefined || axis === undefined ? factor : besides(call, x, factor, axis)
  return dequantised(x, beside(tensorAt(call, i + 1)) as Tensor, beside(optionalAt(call, i + 2)))
}

/** Quantises a result with the scale and zero point at two inputs. */
export const resultAt = (call: Call, x: Tensor, i: number): Tensor => {
  const scale = reshape(tensorAt(call, i), [])
  const zero = optionalAt(call, i + 1)
  return saturated(div(x, scale), zero === undefined ? undefined : reshape(zero, []), rangeAt(call, i + 1))
}
