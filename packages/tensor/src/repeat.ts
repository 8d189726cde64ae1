import { normalizeAxis } from './axes.ts'
import { tensor } from './create.ts'
import { ShapeError } from './errors.ts'
import { gather } from './indexing.ts'
import { broadcastTo, concat, flip, reshape, sliceAxis } from './layout.ts'
import type { Tensor } from './tensor.ts'

const between = (x: Tensor, axis: number, count: number): Tensor => {
  const [head, tail] = [x.shape.slice(0, axis), x.shape.slice(axis)]
  return broadcastTo(reshape(x, [...head, 1, ...tail]), [...head, count, ...tail])
}

/**
 * Puts copies of the whole tensor side by side.
 *
 * @param counts copies along each axis; missing leading axes are added
 * @example
 * import { tensor, tile, toArray } from '@grad-ts/tensor'
 * toArray(tile(tensor([1, 2]), [2, 2])) // => [[1, 2, 1, 2], [1, 2, 1, 2]]
 */
export const tile = (x: Tensor, counts: readonly number[]): Tensor => {
  const rank = Math.max(x.shape.length, counts.length)
  const shaped = reshape(x, [...Array.from({ length: rank - x.shape.length }, () => 1), ...x.shape])
  return counts.reduce((result, count, i) => {
    const axis = rank - counts.length + i
    const joined = result.shape.map((length, j) => (j === axis ? length * count : length))
    return count === 1 ? result : reshape(between(result, axis, count), joined)
  }, shaped)
}

/**
 * Repeats every element along an axis: a fixed number of times, or as often as a static list says.
 *
 * @example
 * import { repeat, tensor, toArray } from '@grad-ts/tensor'
 * toArray(repeat(tensor([1, 2]), 2)) // => [1, 1, 2, 2]
 */
export const repeat = (x: Tensor, counts: number | readonly number[], axis = 0): Tensor => {
  const position = normalizeAxis('repeat', x, axis)
  const length = x.shape[position] as number
  if (typeof counts === 'number')
    return reshape(
      between(x, position + 1, counts),
      x.shape.map((size, i) => (i === position ? length * counts : size)),
    )
  if (counts.length !== length)
    throw new ShapeError('repeat', [x], `expected ${length} counts, one for each element of axis ${axis}, got ${counts.length}`)
  return gather(x, tensor(Int32Array.from(counts.flatMap((count, i) => Array.from({ length: count }, () => i)))), position)
}

/**
 * Moves elements along an axis; those pushed out come in at the other end.
 *
 * @example
 * import { roll, tensor, toArray } from '@grad-ts/tensor'
 * toArray(roll(tensor([1, 2, 3]), 1)) // => [3, 1, 2]
 */
export const roll = (x: Tensor, shift: number, axis = 0): Tensor => {
  const position = normalizeAxis('roll', x, axis)
  const length = x.shape[position] as number
  const cut = length === 0 ? 0 : ((-shift % length) + length) % length
  if (cut === 0) return x
  return concat([sliceAxis(x, position, { start: cut }), sliceAxis(x, position, { end: cut })], position)
}

export type PadMode = 'reflect' | 'edge' | 'circular'

const border = (x: Tensor, axis: number, start: number, count: number): Tensor => sliceAxis(x, axis, { start, end: start + count })

const edge = (x: Tensor, axis: number, at: number, count: number): Tensor =>
  broadcastTo(
    border(x, axis, at, 1),
    x.shape.map((length, i) => (i === axis ? count : length)),
  )

const extended = (x: Tensor, axis: number, [before, after]: readonly [number, number], mode: PadMode): Tensor => {
  const length = x.shape[axis] as number
  const most = mode === 'edge' ? Infinity : mode === 'reflect' ? length - 1 : length
  if (before < 0 || after < 0 || Math.max(before, after) > most || length === 0)
    throw new ShapeError('pad', [x], `'${mode}' padding of axis ${axis} can be at most ${most} wide, got [${before}, ${after}]`)
  const parts = {
    reflect: () => [flip(border(x, axis, 1, before), axis), x, flip(border(x, axis, length - 1 - after, after), axis)],
    edge: () => [edge(x, axis, 0, before), x, edge(x, axis, length - 1, after)],
    circular: () => [border(x, axis, length - before, before), x, border(x, axis, 0, after)],
  }[mode]()
  return concat(
    parts.filter((part) => part.shape[axis] !== 0),
    axis,
  )
}

/**
 * Adds a border made of the tensor itself: mirrored without the edge (`reflect`), the edge repeated (`edge`), or from the other end (`circular`).
 *
 * @param widths `[before, after]` for each axis
 * @example
 * import { padWith, tensor, toArray } from '@grad-ts/tensor'
 * toArray(padWith(tensor([1, 2, 3]), [[2, 1]], 'reflect')) // => [3, 2, 1, 2, 3, 2]
 * @see {@link pad} for a border of one value
 */
export const padWith = (x: Tensor, widths: readonly (readonly [number, number])[], mode: PadMode): Tensor => {
  if (widths.length !== x.shape.length)
    throw new ShapeError('pad', [x], `expected [before, after] for each of the ${x.shape.length} axes, got ${widths.length}`)
  return widths.reduce((result, width, axis) => (width[0] === 0 && width[1] === 0 ? result : extended(result, axis, width, mode)), x)
}
