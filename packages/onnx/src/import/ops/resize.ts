import { broadcastTo, gather, matmul, or, reshape, swapAxes, tensor, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, floatAttribute, floatsAttribute, has, intAttribute, intsAttribute, numbersAt, stringAttribute, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { positionOf } from './layout.ts'
import { checkShape } from './shape.ts'

/** How one axis is stretched. */
interface Stretch {
  readonly from: number
  readonly to: number
  readonly scale: number
  /** Start and end of the region of interest, relative to the axis. */
  readonly region: readonly [number, number]
}

type Coordinate = (at: number, stretch: Stretch) => number

/** From a place in the result to the place in the input that it shows. */
const coordinates: Readonly<Record<string, Coordinate>> = {
  half_pixel: (at, { scale }) => (at + 0.5) / scale - 0.5,
  half_pixel_symmetric: (at, { from, to, scale }) => {
    const adjustment = to / (scale * from)
    return (from / 2) * (1 - adjustment) + (at + 0.5) / scale - 0.5
  },
  pytorch_half_pixel: (at, { to, scale }) => (to > 1 ? (at + 0.5) / scale - 0.5 : 0),
  align_corners: (at, { from, to, scale }) => (to === 1 ? 0 : (at * (from - 1)) / (scale * from - 1)),
  asymmetric: (at, { scale }) => at / scale,
  tf_half_pixel_for_nn: (at, { scale }) => (at + 0.5) / scale,
  tf_crop_and_resize: (at, { from, to, region: [start, end] }) =>
    to > 1 ? start * (from - 1) + (at * (end - start) * (from - 1)) / (to - 1) : 0.5 * (start + end) * (from - 1),
}

const roundings: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
}

/** The weight of an element at a distance. */
const linearKernel = (distance: number): number => Math.max(0, 1 - Math.abs(distance))

const cubicKernel =
  (a: number) =>
  (distance: number): number => {
    const x = Math.abs(distance)
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }

interface Interpolation {
  readonly kernel: (distance: number) => number
  readonly reach: number
  readonly coordinate: Coordinate
  readonly excludeOutside: boolean
  readonly antialias: boolean
}

/** One row of the matrix that interpolates an axis: the weights of the input's elements. */
const weightsOf = (at: number, stretch: Stretch, { kernel, reach, coordinate, excludeOutside, antialias }: Interpolation): number[] => {
  const shrink = antialias && stretch.scale < 1 ? stretch.scale : 1
  const place = coordinate(at, stretch)
  const weights = Array.from<number>({ length: stretch.from }).fill(0)
  const support = reach / shrink
  let total = 0
  for (let j = Math.floor(place - support) + 1; j < place + support; j++) {
    if (excludeOutside && (j < 0 || j >= stretch.from)) continue
    const weight = kernel((j - place) * shrink)
    const target = Math.max(0, Math.min(stretch.from - 1, j))
    weights[target] = (weights[target] as number) + weight
    total += weight
  }
  return total === 0 || (shrink === 1 && !excludeOutside) ? weights : weights.map((weight) => weight / total)
}

/** Applies a matrix `[to, from]` along an axis. */
const alongAxis = (x: Tensor, axis: number, matrix: Tensor): Tensor => {
  const moved = swapAxes(x, axis, -1)
  const rows = reshape(moved, [-1, moved.shape.at(-1) as number])
  const product = matmul(rows, matrix, { transposeB: true })
  return swapAxes(reshape(product, [...moved.shape.slice(0, -1), matrix.shape[0] as number]), axis, -1)
}

const interpolate = (x: Tensor, axis: number, stretch: Stretch, interpolation: Interpolation): Tensor => {
  const rows = Array.from({ length: stretch.to }, (_, at) => weightsOf(at, stretch, interpolation)).flat()
  return alongAxis(x, axis, tensor(rows, { shape: [stretch.to, stretch.from], dtype: x.dtype }))
}

/** Each element several times in a row is a broadcast, whose gradient is a sum. */
const repeated = (x: Tensor, axis: number, times: number): Tensor => {
  const [before, after] = [x.shape.slice(0, axis + 1), x.shape.slice(axis + 1)]
  const wide = broadcastTo(reshape(x, [...before, 1, ...after]), [...before, times, ...after])
  return reshape(wide, [...x.shape.slice(0, axis), (x.shape[axis] as number) * times, ...after])
}

const nearest = (x: Tensor, axis: number, stretch: Stretch, coordinate: Coordinate, rounding: (at: number) => number): Tensor => {
  const places = Array.from({ length: stretch.to }, (_, at) => Math.max(0, Math.min(stretch.from - 1, rounding(coordinate(at, stretch)))))
  const times = stretch.to / stretch.from
  if (Number.isInteger(times) && places.every((place, at) => place === Math.floor(at / times))) return repeated(x, axis, times)
  return gather(x, tensor(Int32Array.from(places), { shape: [places.length] }), axis)
}

const optionalList = (call: Call, i: number): number[] | undefined => {
  if (!has(call, i) || tensorAt(call, i).shape.some((length) => length === 0)) return undefined
  return numbersAt(call, i)
}

/** Sizes under a policy that keeps the aspect ratio. */
const keepRatio = (policy: string, x: Tensor, axes: readonly number[], sizes: readonly number[]): readonly [number[], number[]] => {
  const ratios = axes.map((axis, i) => (sizes[i] as number) / (x.shape[axis] as number))
  if (policy === 'stretch') return [[...sizes], ratios]
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios)
  return [axes.map((axis) => Math.round(scale * (x.shape[axis] as number))), axes.map(() => scale)]
}

const stretchesOf = (call: Call, x: Tensor, scalesAt: number, sizesAt: number): ReadonlyMap<number, Stretch> => {
  const axes = (call.opset >= 18 ? intsAttribute(call, 'axes') : undefined)?.map((axis) => positionOf(call, axis, x.shape.length)) ?? [
    ...x.shape.keys(),
  ]
  const regions = stringAttribute(call, 'coordinate_transformation_mode', '') === 'tf_crop_and_resize' ? optionalList(call, 1) : undefined
  const given = optionalList(call, scalesAt) ?? (call.node.op === 'Upsample' ? floatsAttribute(call, 'scales') : undefined)
  const sizes = optionalList(call, sizesAt)
  const [lengths, scales] =
    sizes !== undefined
      ? keepRatio(stringAttribute(call, 'keep_aspect_ratio_policy', 'stretch'), x, axes, sizes)
      : given === undefined
        ? fail(call, 'expected scales or sizes')
        : [axes.map((axis, i) => Math.floor((x.shape[axis] as number) * (given[i] as number))), [...given]]
  if (lengths.length !== axes.length || scales.length !== axes.length || scales.some((scale) => !(scale > 0)))
    return fail(call, `expected a positive scale for each of ${axes.length} axes`)
  checkShape(call, lengths)
  return new Map(
    axes.map((axis, i) => [
      axis,
      {
        from: x.shape[axis] as number,
        to: lengths[i] as number,
        scale: scales[i] as number,
        region: [regions?.[i] ?? 0, regions?.[i + axes.length] ?? 1],
      },
    ]),
  )
}

const apply = (call: Call, x: Tensor, stretches: ReadonlyMap<number, Stretch>, fallback: string): Tensor => {
  const mode = stringAttribute(call, 'mode', 'nearest')
  const name = stringAttribute(call, 'coordinate_transformation_mode', fallback)
  const coordinate = coordinates[name] ?? fail(call, `coordinates '${name}' are not known`)
  const roundingName = stringAttribute(call, 'nearest_mode', call.opset < 11 ? 'floor' : 'round_prefer_floor')
  const rounding = roundings[roundingName] ?? fail(call, `nearest mode '${roundingName}' is not known`)
  const isCubic = mode === 'cubic'
  if (!isCubic && mode !== 'nearest' && mode !== 'linear' && mode !== 'bilinear')
    return fail(call, `mode '${mode}' is not known; expected nearest, linear or cubic`)
  const interpolation: Interpolation = {
    kernel: isCubic ? cubicKernel(floatAttribute(call, 'cubic_coeff_a', -0.75)) : linearKernel,
    reach: isCubic ? 2 : 1,
    coordinate,
    excludeOutside: intAttribute(call, 'exclude_outside', 0) === 1,
    antialias: intAttribute(call, 'antialias', 0) === 1,
  }
  const cropped = name === 'tf_crop_and_resize'
  const stretched = [...stretches].reduce((result, [axis, stretch]) => {
    const isWhole = stretch.to === stretch.from && (stretch.scale === 1 || mode === 'nearest') && !cropped
    if (isWhole) return result
    return mode === 'nearest' ? nearest(result, axis, stretch, coordinate, rounding) : interpolate(result, axis, stretch, interpolation)
  }, x)
  return cropped ? extrapolated(call, stretched, stretches, coordinate) : stretched
}

/** Places outside the input show one value. */
const extrapolated = (call: Call, x: Tensor, stretches: ReadonlyMap<number, Stretch>, coordinate: Coordinate): Tensor => {
  const outside = [...stretches].map(([axis, stretch]) => {
    const places = Array.from({ length: stretch.to }, (_, at) => coordinate(at, stretch))
    return tensor(
      Uint8Array.from(places, (place) => Number(place < 0 || place > stretch.from - 1)),
      { shape: x.shape.map((_, i) => (i === axis ? stretch.to : 1)) },
    )
  })
  return where(
    outside.reduce<Tensor>((all, next) => or(all, next), tensor(false)),
    floatAttribute(call, 'extrapolation_value', 0),
    x,
  )
}

const resize: Converter = (call) => {
  const x = tensorAt(call, 0)
  return call.opset < 11
    ? apply(call, x, stretchesOf(call, x, 1, Number.POSITIVE_INFINITY), 'asymmetric')
    : apply(call, x, stretchesOf(call, x, 2, 3), 'half_pixel')
}

/** The forerunner of `Resize`: scales as attributes before opset 9. */
const upsample: Converter = (call) => {
  const x = tensorAt(call, 0)
  return apply(call, x, stretchesOf(call, x, call.opset >= 9 ? 1 : Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY), 'asymmetric')
}

/** Changes of resolution; static scales make each a gather or a product along every axis. */
export const resizes: Readonly<Record<string, Converter>> = { Resize: resize, Upsample: upsample }
