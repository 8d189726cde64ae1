import { normalizeAxis } from './axes.ts'
import { unify } from './create.ts'
import { ShapeError } from './errors.ts'
import { sameShape, sizeOf } from './shape.ts'
import type { Shape } from './shape.ts'
import { node } from './tensor.ts'
import type { Operand, Tensor } from './tensor.ts'

/**
 * Gives the same elements another shape; one length may be −1 and is worked out.
 *
 * @example
 * import { reshape, tensor, toArray } from '@grad-ts/tensor'
 * toArray(reshape(tensor([1, 2, 3, 4]), [2, -1])) // => [[1, 2], [3, 4]]
 */
export const reshape = (x: Tensor, shape: Shape): Tensor => {
  const known = sizeOf(shape.filter((length) => length !== -1))
  const resolved = shape.map((length) => (length === -1 ? sizeOf(x.shape) / known : length))
  if (shape.filter((length) => length === -1).length > 1 || resolved.some((length) => !Number.isInteger(length)))
    throw new ShapeError('reshape', [x], `cannot work out the -1 in [${shape.join(', ')}]`)
  return sameShape(x.shape, resolved) ? x : node('reshape', [x], { shape: resolved })
}

/** Repeats along axes of length 1, and along new leading axes, until the shape is reached. */
export const broadcastTo = (x: Tensor, shape: Shape): Tensor => (sameShape(x.shape, shape) ? x : node('broadcastTo', [x], { shape }))

/** Reorders the axes; without a permutation the order is reversed. */
export const transpose = (x: Tensor, permutation: readonly number[] = [...x.shape.keys()].reverse()): Tensor => {
  const axes = permutation.map((axis) => normalizeAxis('transpose', x, axis))
  return sameShape(axes, [...axes.keys()]) && axes.length === x.shape.length ? x : node('transpose', [x], { permutation: axes })
}

/** Exchanges two axes (default: the last two, the matrix transpose). */
export const swapAxes = (x: Tensor, first = -2, second = -1): Tensor => {
  const [a, b] = [normalizeAxis('swapAxes', x, first), normalizeAxis('swapAxes', x, second)]
  return transpose(
    x,
    [...x.shape.keys()].map((axis) => (axis === a ? b : axis === b ? a : axis)),
  )
}

/** Inserts an axis of length 1 before a position (negative: counted from the end of the result). */
export const expandDims = (x: Tensor, axis: number): Tensor => {
  const position = normalizeAxis('expandDims', x, axis, x.shape.length + 1)
  return reshape(x, [...x.shape.slice(0, position), 1, ...x.shape.slice(position)])
}

/** Removes an axis of length 1, or all of them. */
export const squeeze = (x: Tensor, axis?: number): Tensor => {
  if (axis === undefined)
    return reshape(
      x,
      x.shape.filter((length) => length !== 1),
    )
  const position = normalizeAxis('squeeze', x, axis)
  if (x.shape[position] !== 1) throw new ShapeError('squeeze', [x], `axis ${axis} has length ${x.shape[position]}, expected 1`)
  return reshape(
    x,
    x.shape.filter((_, i) => i !== position),
  )
}

/** Joins tensors along an axis (default: the first). */
export const concat = (parts: readonly Tensor[], axis = 0): Tensor => {
  const [first] = parts
  if (first === undefined) throw new ShapeError('concat', [], 'expected at least one tensor')
  return parts.length === 1 ? first : node('concat', parts, { axis: normalizeAxis('concat', first, axis) })
}

/** Joins tensors of one shape along a new axis (default: the first). */
export const stack = (parts: readonly Operand[], axis = 0): Tensor =>
  concat(
    unify(parts).map((part) => expandDims(part, axis)),
    axis,
  )

/** Where to cut along one axis: `[start, end)` in steps; negative positions count from the end, as in NumPy. */
export interface Range {
  readonly start?: number
  readonly end?: number
  readonly step?: number
}

const bound = (value: number, length: number, low: number, high: number): number =>
  Math.min(Math.max(value < 0 ? value + length : value, low), high)

const resolve = ({ start, end, step = 1 }: Range, length: number): readonly [number, number, number] => {
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1]
  const from = start === undefined ? (step > 0 ? 0 : length - 1) : bound(start, length, low, high)
  const to = end === undefined ? (step > 0 ? length : -1) : bound(end, length, low, high)
  return [from, Math.max(0, Math.ceil((to - from) / step)), step]
}

/**
 * Cuts a block out of a tensor, with steps if wished; axes without a range stay whole.
 *
 * @example
 * import { slice, tensor, toArray } from '@grad-ts/tensor'
 * toArray(slice(tensor([1, 2, 3, 4]), [{ start: -1, step: -2 }])) // => [4, 2]
 */
export const slice = (x: Tensor, ranges: readonly (Range | null)[]): Tensor => {
  if (ranges.length > x.shape.length) throw new ShapeError('slice', [x], `${ranges.length} ranges for ${x.shape.length} axes`)
  const cuts = x.shape.map((length, axis) => resolve(ranges[axis] ?? {}, length))
  if (cuts.every(([start, size, step], axis) => start === 0 && step === 1 && size === x.shape[axis])) return x
  return node('slice', [x], {
    starts: cuts.map(([start]) => start),
    sizes: cuts.map(([, size]) => size),
    steps: cuts.map(([, , step]) => step),
  })
}

/** Cuts along one axis. */
export const sliceAxis = (x: Tensor, axis: number, range: Range): Tensor => {
  const position = normalizeAxis('slice', x, axis)
  return slice(
    x,
    x.shape.map((_, i) => (i === position ? range : null)),
  )
}

/** Reverses the order along an axis. */
export const flip = (x: Tensor, axis: number): Tensor => sliceAxis(x, axis, { step: -1 })

/** Cuts into consecutive parts of the given lengths along an axis. */
export const split = (x: Tensor, lengths: readonly number[], axis = 0): Tensor[] => {
  const position = normalizeAxis('split', x, axis)
  const total = lengths.reduce((sum, length) => sum + length, 0)
  if (total !== x.shape[position])
    throw new ShapeError('split', [x], `parts of ${lengths.join(' + ')} do not fill axis ${axis} of length ${x.shape[position]}`)
  let start = 0
  return lengths.map((length) => sliceAxis(x, position, { start, end: (start += length) }))
}

/** Adds a border of one value; widths are `[before, after]` for each axis. */
export const pad = (x: Tensor, widths: readonly (readonly [number, number])[], value = 0): Tensor => {
  if (widths.every(([before, after]) => before === 0 && after === 0) && widths.length === x.shape.length) return x
  return node('pad', [x], { before: widths.map(([before]) => before), after: widths.map(([, after]) => after), value })
}
