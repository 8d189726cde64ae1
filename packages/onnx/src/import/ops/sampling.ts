import {
  add,
  cast,
  clamp,
  floor,
  gather,
  greaterEqual,
  abs,
  less,
  lessEqual,
  and,
  mod,
  mul,
  reshape,
  round,
  sizeOf,
  slice,
  sub,
  tensor,
  transpose,
  where,
  expandDims,
  concat,
  matmul,
  broadcastTo,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, intAttribute, numbersAt, stringAttribute, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { checkShape } from './shape.ts'

type Unnormalise = (x: Tensor, length: number) => Tensor

const corners: Unnormalise = (x, length) => mul(add(x, 1), (length - 1) / 2)
const centers: Unnormalise = (x, length) => mul(sub(mul(add(x, 1), length), 1), 0.5)

/** Folds coordinates back at both borders. */
const reflect = (x: Tensor, length: number, aligned: boolean): Tensor => {
  const [low, high] = aligned ? [0, length - 1] : [-0.5, length - 0.5]
  const span = high - low
  if (span === 0) return mul(x, 0)
  const distance = mod(abs(sub(x, low)), 2 * span)
  return clamp(add(low, where(less(distance, span), distance, sub(2 * span, distance))), 0, length - 1)
}

const column = (grid: Tensor, i: number): Tensor =>
  reshape(slice(grid, [...grid.shape.slice(0, -1).map(() => null), { start: i, end: i + 1 }]), grid.shape.slice(0, -1))

/** Reads whole pixels at integer places `[batch, out…]`, zeros outside: `[batch · out…, channels]`. */
const pixelsAt = (flat: Tensor, places: readonly Tensor[], lengths: readonly number[]): Tensor => {
  const [first] = places as [Tensor]
  const batch = first.shape[0] as number
  const starts = tensor(
    Int32Array.from({ length: batch }, (_, n) => n * sizeOf(lengths)),
    { shape: [batch, ...first.shape.slice(1).map(() => 1)] },
  )
  const index = places.reduce<Tensor>(
    (total, place, i) => add(total, mul(cast(clamp(place, 0, (lengths[i] as number) - 1), 'int32'), sizeOf(lengths.slice(i + 1)))),
    starts,
  )
  const inside = places
    .map((place, i) => and(greaterEqual(place, 0), lessEqual(place, (lengths[i] as number) - 1)))
    .reduce((a, b) => and(a, b))
  return mul(gather(flat, reshape(index, [-1])), cast(reshape(inside, [-1, 1]), flat.dtype))
}

/** All combinations of the lower and the upper neighbour along every axis. */
const neighbours = (rank: number): number[][] =>
  rank === 0
    ? [[]]
    : neighbours(rank - 1).flatMap((rest) => [
        [...rest, 0],
        [...rest, 1],
      ])

const sample = (call: Call, flat: Tensor, at: readonly Tensor[], lengths: readonly number[], mode: string): Tensor => {
  if (mode === 'nearest') return pixelsAt(flat, at.map(round), lengths)
  if (mode !== 'linear' && mode !== 'bilinear') return fail(call, `mode '${mode}' cannot be read; expected linear or nearest`)
  const below = at.map(floor)
  return neighbours(at.length)
    .map((corner) => {
      const places = below.map((low, i) => add(low, corner[i] as number))
      const weight = at.map((x, i) => sub(1, abs(sub(x, places[i] as Tensor)))).reduce((a, b) => mul(a, b))
      return mul(pixelsAt(flat, places, lengths), reshape(weight, [-1, 1]))
    })
    .reduce((a, b) => add(a, b))
}

/** Reads an image at the places that a grid names, in −1 … 1, the last axis first. */
const gridSample: Converter = (call) => {
  const [x, grid] = [tensorAt(call, 0), tensorAt(call, 1)]
  const [batch, channels, ...lengths] = x.shape as [number, number, ...number[]]
  const rank = lengths.length
  if (grid.shape.length !== rank + 2 || grid.shape.at(-1) !== rank) return fail(call, `expected a grid [N, …, ${rank}]`)
  const aligned = intAttribute(call, 'align_corners', 0) === 1
  const padding = stringAttribute(call, 'padding_mode', 'zeros')
  const at = lengths.map((length, i) => {
    const place = (aligned ? corners : centers)(column(grid, rank - 1 - i), length)
    if (padding === 'border') return clamp(place, 0, length - 1)
    return padding === 'reflection' ? reflect(place, length, aligned) : place
  })
  const flat = reshape(transpose(x, [0, ...lengths.map((_, i) => i + 2), 1]), [-1, channels])
  const outer = grid.shape.slice(1, -1)
  const values = reshape(sample(call, flat, at, lengths, stringAttribute(call, 'mode', 'linear')), [batch, ...outer, channels])
  return transpose(values, [0, rank + 1, ...outer.map((_, i) => i + 1)])
}

/** The coordinates of an axis in −1 … 1. */
const axisPlaces = (length: number, aligned: boolean): number[] =>
  Array.from({ length }, (_, i) => (aligned ? (length === 1 ? 0 : (2 * i) / (length - 1) - 1) : (2 * i + 1) / length - 1))

/** The grid of an affine map: `theta [N, rank, rank + 1]` times homogeneous coordinates. */
const affineGrid: Converter = (call) => {
  const theta = tensorAt(call, 0)
  const [batch, , ...lengths] = checkShape(call, numbersAt(call, 1)) as [number, number, ...number[]]
  const aligned = intAttribute(call, 'align_corners', 0) === 1
  const rank = lengths.length
  const columns = lengths
    .map((length, axis) =>
      broadcastTo(
        tensor(axisPlaces(length, aligned), { dtype: theta.dtype, shape: [...lengths.map((_, i) => (i === axis ? length : 1)), 1] }),
        [...lengths, 1],
      ),
    )
    .reverse()
  const ones = broadcastTo(expandDims(tensor([1], { dtype: theta.dtype }), 0), [...lengths, 1])
  const points = reshape(concat([...columns, ones], rank), [1, sizeOf(lengths), rank + 1])
  return reshape(matmul(points, theta, { transposeB: true }), [batch, ...lengths, rank])
}

/** Operators that read an image at computed places. */
export const sampling: Readonly<Record<string, Converter>> = { AffineGrid: affineGrid, GridSample: gridSample }
