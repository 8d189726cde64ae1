import { ShapeError } from './errors.ts'
import type { PoolAttributes, WindowAttributes } from './ops/attributes.ts'
import type { Shape } from './shape.ts'
import type { Tensor } from './tensor.ts'

/** One number for every spatial axis, or one for each. */
export type PerAxis = number | readonly number[]

/**
 * Zeros (for a maximum: nothing) around the spatial axes: a width for all sides, one for each axis, `[before, after]` for each axis,
 * 'same' (the result has length / stride, rounded up; an odd rest goes after) or 'valid' (none).
 */
export type Padding = number | readonly (number | readonly [number, number])[] | 'same' | 'valid'

export interface WindowOptions {
  /** Step between windows. */
  readonly stride?: PerAxis
  /** Default 'valid'. */
  readonly padding?: Padding
  /** Distance between the elements of a window. Default 1. */
  readonly dilation?: PerAxis
}

export const perAxis = (op: string, x: Tensor, value: PerAxis, rank: number): number[] => {
  const list = typeof value === 'number' ? Array.from({ length: rank }, () => value) : [...value]
  if (list.length !== rank || list.some((entry) => !Number.isInteger(entry) || entry < 1))
    throw new ShapeError(op, [x], `expected positive whole numbers for ${rank} spatial axes, got [${list.join(', ')}]`)
  return list
}

const sides = (op: string, x: Tensor, padding: Exclude<Padding, string>, rank: number): (readonly [number, number])[] => {
  const list = typeof padding === 'number' ? Array.from({ length: rank }, () => padding) : padding
  if (list.length !== rank) throw new ShapeError(op, [x], `expected padding for ${rank} spatial axes, got ${list.length}`)
  return list.map((side) => (typeof side === 'number' ? ([side, side] as const) : side))
}

const samePadding = (length: number, reach: number, stride: number): readonly [number, number] => {
  const total = Math.max((Math.ceil(length / stride) - 1) * stride + reach - length, 0)
  return [Math.floor(total / 2), Math.ceil(total / 2)]
}

/** Works out the window of a convolution or pooling over the spatial axes of x. */
export const windowOf = (op: string, x: Tensor, kernel: Shape, options: WindowOptions): WindowAttributes => {
  const spatial = x.shape.slice(2)
  const rank = kernel.length
  if (spatial.length !== rank)
    throw new ShapeError(
      op,
      [x],
      `expected x [batch, channels, …] with ${rank} spatial axes, got ${x.shape.length} axes in all; is the batch axis missing?`,
    )
  const { padding = 'valid' } = options
  const strides = perAxis(op, x, options.stride ?? 1, rank)
  const dilations = perAxis(op, x, options.dilation ?? 1, rank)
  const reach = kernel.map((length, axis) => (length - 1) * (dilations[axis] as number) + 1)
  const widths =
    padding === 'same'
      ? spatial.map((length, axis) => samePadding(length, reach[axis] as number, strides[axis] as number))
      : sides(op, x, padding === 'valid' ? 0 : padding, rank)
  return { strides, dilations, before: widths.map(([before]) => before), after: widths.map(([, after]) => after) }
}

/** Widens the padding after each axis so that a last window that sticks out is kept, unless it would start in that padding. */
export const withCeiling = (spatial: Shape, attributes: PoolAttributes): PoolAttributes => {
  const after = spatial.map((length, axis) => {
    const [kernel, stride, dilation, before, end] = [
      attributes.kernel[axis],
      attributes.strides[axis],
      attributes.dilations[axis],
      attributes.before[axis],
      attributes.after[axis],
    ] as [number, number, number, number, number]
    const reach = (kernel - 1) * dilation + 1
    const places = Math.ceil((length + before + end - reach) / stride) + 1
    const kept = (places - 1) * stride >= length + before ? places - 1 : places
    return Math.max(end, (kept - 1) * stride + reach - length - before)
  })
  return { ...attributes, after }
}
