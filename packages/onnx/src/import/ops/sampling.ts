import {
  abs,
  add,
  broadcastTo,
  clamp,
  concat,
  expandDims,
  less,
  lessEqual,
  matmul,
  mod,
  mul,
  reshape,
  round,
  sizeOf,
  slice,
  square,
  sub,
  tensor,
  transpose,
  where,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, intAttribute, numbersAt, stringAttribute, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { interpolated, linear, pixelsAt, startsOf } from './pixels.ts'
import type { Kernel, Pixels } from './pixels.ts'
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

/** Keys' kernel with a = −0.75, in distances up to two pixels. */
const cubic: Kernel = {
  steps: [-1, 0, 1, 2],
  weight: (distance) => {
    const x = abs(distance)
    const near = add(mul(sub(mul(x, 1.25), 2.25), square(x)), 1)
    const far = add(mul(add(mul(sub(mul(x, -0.75), -3.75), x), -6), x), 3)
    return where(lessEqual(x, 1), near, far)
  },
}

/** Reads an image at the places that a grid names, in −1 … 1, the last axis first. */
const gridSample: Converter = (call) => {
  const [x, grid] = [tensorAt(call, 0), tensorAt(call, 1)]
  const [batch, channels, ...lengths] = x.shape as [number, number, ...number[]]
  const rank = lengths.length
  if (grid.shape.length !== rank + 2 || grid.shape.at(-1) !== rank) return fail(call, `expected a grid [N, …, ${rank}]`)
  const aligned = intAttribute(call, 'align_corners', 0) === 1
  const padding = stringAttribute(call, 'padding_mode', 'zeros')
  const settle = (place: Tensor, axis: number): Tensor => {
    const length = lengths[axis] as number
    if (padding === 'border') return clamp(place, 0, length - 1)
    return padding === 'reflection' ? reflect(place, length, aligned) : place
  }
  const at = lengths.map((length, i) => (aligned ? corners : centers)(column(grid, rank - 1 - i), length))
  const rows = reshape(transpose(x, [0, ...lengths.map((_, i) => i + 2), 1]), [-1, channels])
  const outer = grid.shape.slice(1, -1)
  const pixels: Pixels = { rows, lengths, starts: startsOf(batch, lengths, outer.length + 1) }
  const values = reshape(sample(call, pixels, at, settle), [batch, ...outer, channels])
  return transpose(values, [0, rank + 1, ...outer.map((_, i) => i + 1)])
}

/** Cubic interpolation settles its neighbours, the others the place itself. */
const sample = (call: Call, pixels: Pixels, at: readonly Tensor[], settle: (place: Tensor, axis: number) => Tensor): Tensor => {
  const mode = stringAttribute(call, 'mode', 'linear')
  if (mode === 'cubic' || mode === 'bicubic') return interpolated(pixels, at, cubic, settle)
  const settled = at.map(settle)
  if (mode === 'nearest') return pixelsAt(pixels, settled.map(round))
  return mode === 'linear' || mode === 'bilinear'
    ? interpolated(pixels, settled, linear)
    : fail(call, `mode '${mode}' is not known; expected linear, cubic or nearest`)
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
