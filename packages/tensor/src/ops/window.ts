import { ShapeError } from '../errors.ts'
import { sizeOf, stridesOf } from '../shape.ts'
import type { Shape } from '../shape.ts'
import type { WindowAttributes } from './attributes.ts'
import type { OperandType } from './rule.ts'

/** How many places a window has along each spatial axis. */
export const windowPlaces = (
  op: string,
  inputs: readonly OperandType[],
  spatial: Shape,
  kernel: Shape,
  window: WindowAttributes,
): number[] => {
  const { strides, dilations, before, after } = window
  if ([kernel, strides, dilations, before, after].some((list) => list.length !== spatial.length))
    throw new ShapeError(op, inputs, `expected kernel, strides, dilations and padding for each of the ${spatial.length} spatial axes`)
  return spatial.map((length, axis) => {
    const padded = length + (before[axis] as number) + (after[axis] as number)
    const reach = ((kernel[axis] as number) - 1) * (dilations[axis] as number) + 1
    if (padded < reach)
      throw new ShapeError(op, inputs, `a window of ${reach} does not fit spatial axis ${axis}, which has ${padded} with its padding`)
    return Math.floor((padded - reach) / (strides[axis] as number)) + 1
  })
}

/**
 * For every kernel element the input element under it at every place of the window, −1 in the padding. Both counted in flat spatial axes.
 */
export const windowSources = (
  spatial: Shape,
  kernel: Shape,
  places: Shape,
  { strides, dilations, before }: WindowAttributes,
): Int32Array[] => {
  const inputStrides = stridesOf(spatial)
  const coordinates = (shape: Shape): Int32Array[] => {
    const own = stridesOf(shape)
    return shape.map((length, axis) => Int32Array.from({ length: sizeOf(shape) }, (_, i) => Math.floor(i / (own[axis] as number)) % length))
  }
  const placeAt = coordinates(places)
  const offsetOf = coordinates(kernel)
  return Array.from({ length: sizeOf(kernel) }, (_, element) => {
    const offset = offsetOf.map((axis) => axis[element] as number)
    return Int32Array.from({ length: sizeOf(places) }, (__, place) => {
      let source = 0
      for (let axis = 0; axis < spatial.length; axis++) {
        const at =
          (placeAt[axis]?.[place] as number) * (strides[axis] as number) +
          (offset[axis] as number) * (dilations[axis] as number) -
          (before[axis] as number)
        if (at < 0 || at >= (spatial[axis] as number)) return -1
        source += at * (inputStrides[axis] as number)
      }
      return source
    })
  })
}
