import { abs, add, and, cast, clamp, floor, gather, greaterEqual, lessEqual, mul, reshape, sizeOf, sub, tensor } from '@grad-ts/tensor'
import type { Shape, Tensor } from '@grad-ts/tensor'

/** Images as rows of channels: `[images · places, channels]`. */
export interface Pixels {
  readonly rows: Tensor
  /** The spatial lengths of one image. */
  readonly lengths: Shape
  /** The row at which the image starts that a place reads from, of a shape that broadcasts to the places. */
  readonly starts: Tensor
}

/** Where each of a batch of images starts, beside places `[batch, …]` of some rank. */
export const startsOf = (batch: number, lengths: Shape, rank: number): Tensor =>
  tensor(
    Int32Array.from({ length: batch }, (_, n) => n * sizeOf(lengths)),
    { shape: [batch, ...Array.from<number>({ length: rank - 1 }).fill(1)] },
  )

/** Reads whole pixels at integer places, zeros outside: `[places, channels]`. */
export const pixelsAt = ({ rows, lengths, starts }: Pixels, places: readonly Tensor[]): Tensor => {
  const index = places.reduce<Tensor>(
    (total, place, i) => add(total, mul(cast(clamp(place, 0, (lengths[i] as number) - 1), 'int32'), sizeOf(lengths.slice(i + 1)))),
    starts,
  )
  const inside = places
    .map((place, i) => and(greaterEqual(place, 0), lessEqual(place, (lengths[i] as number) - 1)))
    .reduce((a, b) => and(a, b))
  return mul(gather(rows, reshape(index, [-1])), cast(reshape(inside, [-1, 1]), rows.dtype))
}

/** All combinations of steps along every axis. */
const combinations = (rank: number, steps: readonly number[]): number[][] =>
  rank === 0 ? [[]] : combinations(rank - 1, steps).flatMap((rest) => steps.map((step) => [...rest, step]))

/** How a place between pixels is read: the pixels around it, and the weight of one at a distance. */
export interface Kernel {
  readonly steps: readonly number[]
  readonly weight: (distance: Tensor) => Tensor
}

export const linear: Kernel = { steps: [0, 1], weight: (distance) => sub(1, abs(distance)) }

/** Weighted pixels around each place, one tensor for each neighbour; neighbours go through `settle` to stay inside. */
export const neighbours = (
  pixels: Pixels,
  at: readonly Tensor[],
  { steps, weight }: Kernel,
  settle: (place: Tensor, axis: number) => Tensor = (place) => place,
): Tensor[] => {
  const below = at.map(floor)
  return combinations(at.length, steps).map((corner) => {
    const places = below.map((low, i) => add(low, corner[i] as number))
    const factor = at.map((x, i) => weight(sub(x, places[i] as Tensor))).reduce((a, b) => mul(a, b))
    return mul(pixelsAt(pixels, places.map(settle)), reshape(factor, [-1, 1]))
  })
}

export const interpolated = (
  pixels: Pixels,
  at: readonly Tensor[],
  kernel: Kernel,
  settle?: (place: Tensor, axis: number) => Tensor,
): Tensor => neighbours(pixels, at, kernel, settle).reduce((a, b) => add(a, b))
