import {
  add,
  broadcastTo,
  cast,
  ceil,
  clamp,
  concat,
  equal,
  floor,
  gather,
  greaterEqual,
  and,
  less,
  max,
  maximum,
  mean,
  mul,
  arange,
  reshape,
  slice,
  sub,
  transpose,
  where,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, floatAttribute, intAttribute, intsAttribute, numbersAt, stringAttribute, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { linear, neighbours } from './pixels.ts'
import { checkShape } from './shape.ts'

const column = (x: Tensor, i: number): Tensor => reshape(slice(x, [null, { start: i, end: i + 1 }]), [-1])

/** How regions `[count, 4]` are cut into bins of sampled places. */
interface Regions {
  readonly boxes: Tensor
  readonly images: Tensor
  readonly bins: readonly [number, number]
  readonly samples: readonly [number, number]
}

interface Side {
  readonly start: Tensor
  readonly size: Tensor
}

/** The start and length of regions along an axis: x is 0, y is 1. */
const sideOf = (call: Call, boxes: Tensor, i: 0 | 1): Side => {
  const scale = floatAttribute(call, 'spatial_scale', 1)
  const shifted = call.opset >= 16 && stringAttribute(call, 'coordinate_transformation_mode', 'half_pixel') === 'half_pixel'
  const at = (place: number): Tensor => sub(mul(column(boxes, place), scale), shifted ? 0.5 : 0)
  const size = sub(at(i + 2), at(i))
  return { start: at(i), size: shifted ? size : maximum(size, 1) }
}

const most = 2 ** 14

/** The bins of a region and the places in them come from the file. */
const checkBins = (call: Call, ...counts: readonly number[]): void => {
  if (counts.some((count) => !Number.isInteger(count) || count < 1 || count > most))
    fail(call, `cannot cut a region into ${counts.join(' × ')} parts; expected 1 to ${most}`)
}

/** Sampled places of every bin along an axis, `[count, bins · samples]`. */
const placesAlong = ({ start, size }: Side, bins: number, samples: number): Tensor => {
  const steps = cast(arange(bins * samples), start.dtype)
  return add(reshape(start, [-1, 1]), mul(reshape(size, [-1, 1]), mul(add(steps, 0.5), 1 / (bins * samples))))
}

const alignRegions = (call: Call, x: Tensor, { boxes, images, bins, samples }: Regions): Tensor => {
  const [, channels, height, width] = x.shape as [number, number, number, number]
  const count = boxes.shape[0] as number
  const [rows, columns] = [bins[0] * samples[0], bins[1] * samples[1]]
  checkBins(call, rows, columns)
  checkShape(call, [count, rows, columns, channels])
  const spread = (places: Tensor, shape: readonly number[]): Tensor => broadcastTo(reshape(places, shape), [count, rows, columns])
  const y = spread(placesAlong(sideOf(call, boxes, 1), bins[0], samples[0]), [count, rows, 1])
  const x1 = spread(placesAlong(sideOf(call, boxes, 0), bins[1], samples[1]), [count, 1, columns])
  const inside = (place: Tensor, length: number): Tensor => and(greaterEqual(place, -1), greaterEqual(length, place))
  const settled = [clamp(y, 0, height - 1), clamp(x1, 0, width - 1)]
  const pixels = {
    rows: reshape(transpose(x, [0, 2, 3, 1]), [-1, channels]),
    lengths: [height, width],
    starts: reshape(mul(cast(images, 'int32'), height * width), [count, 1, 1]),
  }
  const shown = reshape(cast(and(inside(y, height), inside(x1, width)), x.dtype), [-1, 1])
  const parts = neighbours(pixels, settled, linear).map((part) =>
    reshape(mul(part, shown), [count, bins[0], samples[0], bins[1], samples[1], channels]),
  )
  // Where the largest counts, runtimes take it among the weighted neighbours.
  const pooled =
    stringAttribute(call, 'mode', 'avg') === 'max'
      ? max(
          parts.reduce((a, b) => maximum(a, b)),
          { axes: [2, 4] },
        )
      : mean(
          parts.reduce((a, b) => add(a, b)),
          { axes: [2, 4] },
        )
  return transpose(pooled, [0, 3, 1, 2])
}

/** With no number of samples given, each region has its own: as many as its bins are long. */
const adaptive = (call: Call, x: Tensor, regions: Omit<Regions, 'samples'>): Tensor => {
  const values = numbersAt(call, 1)
  const scale = floatAttribute(call, 'spatial_scale', 1)
  const least = call.opset >= 16 && stringAttribute(call, 'coordinate_transformation_mode', 'half_pixel') === 'half_pixel' ? 0 : 1
  const count = regions.boxes.shape[0] as number
  const each = Array.from({ length: count }, (_, i) => {
    const samplesAlong = (axis: number, bins: number): number =>
      Math.max(1, Math.ceil(Math.max(least, ((values[i * 4 + axis + 2] as number) - (values[i * 4 + axis] as number)) * scale) / bins))
    const own = { boxes: slice(regions.boxes, [{ start: i, end: i + 1 }]), images: slice(regions.images, [{ start: i, end: i + 1 }]) }
    return alignRegions(call, x, {
      ...own,
      bins: regions.bins,
      samples: [samplesAlong(1, regions.bins[0]), samplesAlong(0, regions.bins[1])],
    })
  })
  return each.length === 0 ? fail(call, 'expected at least one region') : concat(each)
}

const roiAlign: Converter = (call) => {
  const [x, boxes, images] = [tensorAt(call, 0), tensorAt(call, 1), tensorAt(call, 2)]
  if (x.shape.length !== 4 || boxes.shape.length !== 2) return fail(call, 'expected X [N, C, H, W] and regions [count, 4]')
  const bins = [intAttribute(call, 'output_height', 1), intAttribute(call, 'output_width', 1)] as const
  const samples = intAttribute(call, 'sampling_ratio', 0)
  const regions = { boxes, images, bins }
  return samples > 0 ? alignRegions(call, x, { ...regions, samples: [samples, samples] }) : adaptive(call, x, regions)
}

/** The largest of each bin along an axis (2 or 3) of `[count, C, H, W]`. */
const largestAlong = (x: Tensor, axis: 2 | 3, start: Tensor, size: Tensor, bins: number): Tensor => {
  const length = x.shape[axis] as number
  const bin = mul(size, 1 / bins)
  const steps = reshape(cast(arange(bins), size.dtype), [1, -1])
  const edge = (offset: number, round: (edge: Tensor) => Tensor): Tensor =>
    clamp(add(round(mul(add(steps, offset), reshape(bin, [-1, 1]))), reshape(start, [-1, 1])), 0, length)
  const [low, high] = [edge(0, floor), edge(1, ceil)].map((bound) => reshape(bound, [-1, bins, 1])) as [Tensor, Tensor]
  const places = reshape(cast(arange(length), size.dtype), [1, 1, -1])
  const within = and(greaterEqual(places, low), less(places, high))
  const [count, channels, height, width] = x.shape as [number, number, number, number]
  const [mask, values] =
    axis === 3
      ? [reshape(within, [count, 1, 1, bins, length]), reshape(x, [count, channels, height, 1, width])]
      : [reshape(within, [count, 1, bins, length, 1]), reshape(x, [count, channels, 1, height, width])]
  return max(where(mask, values, Number.NEGATIVE_INFINITY), { axes: axis === 3 ? 4 : 3 })
}

const roundHalfUp = (x: Tensor): Tensor => floor(add(x, 0.5))

const maxRoiPool: Converter = (call) => {
  const [x, boxes] = [tensorAt(call, 0), tensorAt(call, 1)]
  const [rows, columns] = (intsAttribute(call, 'pooled_shape') ?? fail(call, "attribute 'pooled_shape' is missing")) as [number, number]
  const count = boxes.shape[0] as number
  checkBins(call, rows, columns)
  checkShape(call, [count, ...x.shape.slice(1), Math.max(rows, columns)])
  const scale = floatAttribute(call, 'spatial_scale', 1)
  const corner = (i: number): Tensor => roundHalfUp(mul(column(boxes, i), scale))
  const sizeFrom = (i: number): Tensor => maximum(add(sub(corner(i + 2), corner(i)), 1), 1)
  const images = gather(x, cast(column(boxes, 0), 'int32'))
  const across = largestAlong(images, 3, corner(1), sizeFrom(1), columns)
  const pooled = largestAlong(across, 2, corner(2), sizeFrom(2), rows)
  return where(equal(pooled, Number.NEGATIVE_INFINITY), 0, pooled)
}

/** Pools over regions of an image. */
export const regions: Readonly<Record<string, Converter>> = { MaxRoiPool: maxRoiPool, RoiAlign: roiAlign }
