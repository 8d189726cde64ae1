import { ShapeError } from './errors.ts'
import type { Tensor } from './tensor.ts'

/** One axis or several; negative ones count from the end. */
export type Axes = number | readonly number[]

/** Turns a possibly negative axis into its position. */
export const normalizeAxis = (op: string, x: Tensor, axis: number, rank = x.shape.length): number => {
  const position = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(axis) || position < 0 || position >= rank)
    throw new ShapeError(op, [x], `axis ${axis} is out of range for rank ${rank}; expected ${-rank} to ${rank - 1}`)
  return position
}

/** Gives the sorted positions of some axes, or of all when none are named. */
export const normalizeAxes = (op: string, x: Tensor, axes: Axes | undefined): number[] => {
  if (axes === undefined) return [...x.shape.keys()]
  const positions = (typeof axes === 'number' ? [axes] : axes).map((axis) => normalizeAxis(op, x, axis))
  if (new Set(positions).size !== positions.length) throw new ShapeError(op, [x], `axes [${positions.join(', ')}] name one axis twice`)
  return positions.sort((a, b) => a - b)
}
