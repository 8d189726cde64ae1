import { cast, pad, padWith, slice } from '@grad-ts/tensor'
import type { PadMode, Tensor } from '@grad-ts/tensor'
import { fail, floatAttribute, intsAttribute, numbersAt, optionalNumbersAt, stringAttribute, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { positionOf } from './layout.ts'
import { checkShape } from './shape.ts'

/** The amounts of `Pad` for every axis, in ONNX's order: all before, then all after. */
const padAmounts = (call: Call, rank: number): readonly (readonly [number, number])[] => {
  const amounts = call.opset >= 11 ? numbersAt(call, 1) : (intsAttribute(call, 'pads') ?? intsAttribute(call, 'paddings') ?? [])
  const axes = (call.opset >= 18 ? optionalNumbersAt(call, 3) : undefined)?.map((axis) => positionOf(call, axis, rank)) ?? [
    ...Array(rank).keys(),
  ]
  if (amounts.length !== axes.length * 2) return fail(call, `expected ${axes.length * 2} amounts, got ${amounts.length}`)
  const widths = Array.from({ length: rank }, () => [0, 0] as readonly [number, number])
  axes.forEach((axis, i) => (widths[axis] = [amounts[i] as number, amounts[i + axes.length] as number]))
  return widths
}

const borders: Readonly<Record<string, PadMode>> = { edge: 'edge', reflect: 'reflect', wrap: 'circular' }

/** A negative amount cuts off. */
const crop = (x: Tensor, widths: readonly (readonly [number, number])[]): Tensor =>
  slice(
    x,
    widths.map(([before, after], axis) => ({ start: Math.max(0, -before), end: (x.shape[axis] as number) + Math.min(0, after) })),
  )

const padded: Converter = (call) => {
  const x = tensorAt(call, 0)
  const widths = padAmounts(call, x.shape.length)
  checkShape(
    call,
    x.shape.map((length, axis) => length + Math.max(0, widths[axis]?.[0] ?? 0) + Math.max(0, widths[axis]?.[1] ?? 0)),
  )
  const cropped = crop(x, widths)
  const grown = widths.map(([before, after]) => [Math.max(0, before), Math.max(0, after)] as const)
  const mode = stringAttribute(call, 'mode', 'constant')
  const border = borders[mode]
  if (border !== undefined) return padWith(cropped, grown, border)
  if (mode !== 'constant') return fail(call, `pad mode '${mode}' is not known; expected constant, reflect, edge or wrap`)
  if (x.dtype === 'bool') return cast(pad(cast(cropped, 'int32'), grown, optionalNumbersAt(call, 2)?.[0] ?? 0), 'bool')
  return pad(cropped, grown, call.opset >= 11 ? (optionalNumbersAt(call, 2)?.[0] ?? 0) : floatAttribute(call, 'value', 0))
}

/** Cuts off or pads both ends of axes alike; of an odd number the end takes one more. */
const centerCropPad: Converter = (call) => {
  const x = tensorAt(call, 0)
  const axes = intsAttribute(call, 'axes')?.map((axis) => positionOf(call, axis, x.shape.length)) ?? [...x.shape.keys()]
  const wanted = numbersAt(call, 1)
  if (wanted.length !== axes.length) return fail(call, `expected ${axes.length} lengths, got ${wanted.length}`)
  const missing = x.shape.map((length, axis) => (axes.includes(axis) ? (wanted[axes.indexOf(axis)] as number) - length : 0))
  checkShape(
    call,
    x.shape.map((length, axis) => length + (missing[axis] as number)),
  )
  // What is cut off counts as negative.
  const widths = missing.map((total) => {
    const before = Math.sign(total) * Math.floor(Math.abs(total) / 2)
    return [before, total - before] as const
  })
  return pad(
    crop(x, widths),
    widths.map(([before, after]) => [Math.max(0, before), Math.max(0, after)] as const),
  )
}

/** Operators that add or cut off borders. */
export const paddings: Readonly<Record<string, Converter>> = { CenterCropPad: centerCropPad, Pad: padded }
