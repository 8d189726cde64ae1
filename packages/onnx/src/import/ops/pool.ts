import {
  abs,
  add,
  cast,
  div,
  floor,
  isFloat,
  max,
  mean,
  mod,
  mul,
  node,
  pad,
  pow,
  reshape,
  scatterAdd,
  sizeOf,
  sqrt,
  square,
  tensor,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, intAttribute, optionalNumbersAt, outputCount, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { checkShape } from './shape.ts'
import { listFor, reachOf, spatialOf, windowOf } from './window.ts'
import type { Window } from './window.ts'

/** With `ceil_mode` a last window may hang over the end, if it starts inside. */
const withCeil = (call: Call, x: Tensor, window: Window): Window => {
  if (intAttribute(call, 'ceil_mode', 0) === 0) return window
  const after = spatialOf(x).map((length, i) => {
    const [before, end, stride] = [window.before[i] as number, window.after[i] as number, window.strides[i] as number]
    const reach = reachOf(window.kernel[i] as number, window.dilations[i] as number)
    const places = Math.ceil((length + before + end - reach) / stride) + 1
    const kept = (places - 1) * stride >= length + before ? places - 1 : places
    return Math.max(end, (kept - 1) * stride + reach - length - before)
  })
  return { ...window, after }
}

const poolWindow = (call: Call, x: Tensor): Window => windowOf(call, x, listFor(call, 'kernel_shape', x.shape.length - 2, 1))

const channelStarts = (x: Tensor): Tensor => {
  const [batch, channels] = x.shape as [number, number]
  const size = sizeOf(spatialOf(x))
  return tensor(
    Int32Array.from({ length: batch * channels }, (_, i) => i * size),
    { shape: [batch, channels, ...spatialOf(x).map(() => 1)] },
  )
}

/** Places counted down the columns of an image, from places along its rows. */
const downColumns = (call: Call, x: Tensor, places: Tensor): Tensor => {
  const [height, width, ...more] = spatialOf(x)
  if (width === undefined || more.length > 0) return fail(call, 'indices in column order need two spatial axes')
  const row = floor(div(cast(places, 'float64'), width))
  return add(mul(mod(places, width), height as number), cast(row, 'int32'))
}

const maxPool: Converter = (call) => {
  const given = tensorAt(call, 0)
  const x = isFloat(given.dtype) ? given : cast(given, 'float32')
  const window = withCeil(call, x, poolWindow(call, x))
  const y = cast(node('maxPool', [x], window), given.dtype)
  if (outputCount(call) < 2) return y
  const places = node('maxPoolIndices', [x], window)
  const ordered = intAttribute(call, 'storage_order', 0) === 0 ? places : downColumns(call, x, places)
  return [y, add(ordered, channelStarts(x))]
}

const maxUnpool: Converter = (call) => {
  const x = tensorAt(call, 0)
  const { kernel, strides, before, after } = poolWindow(call, x)
  const grown = spatialOf(x).map(
    (length, i) => (length - 1) * (strides[i] as number) + (kernel[i] as number) - (before[i] as number) - (after[i] as number),
  )
  const own = checkShape(call, [...x.shape.slice(0, 2), ...grown])
  const image = reshape(scatterAdd(reshape(x, [-1]), reshape(tensorAt(call, 1), [-1]), { length: sizeOf(own) }), own)
  const asked = checkShape(call, optionalNumbersAt(call, 2) ?? own)
  // The places belong to the image that the window makes; a larger one continues it with zeros.
  return pad(
    image,
    own.map((length, axis) => [0, Math.max(0, (asked[axis] ?? length) - length)] as const),
  )
}

/** Sums under a window, every channel for itself. */
const sumPool = (x: Tensor, { kernel, strides, dilations, before, after }: Window): Tensor => {
  const [batch, channels, ...spatial] = x.shape as [number, number, ...number[]]
  const ones = tensor(Array.from<number>({ length: sizeOf(kernel) }).fill(1), { shape: [1, 1, ...kernel], dtype: x.dtype })
  const y = node('conv', [reshape(x, [batch * channels, 1, ...spatial]), ones], { strides, dilations, before, after, groups: 1 })
  return reshape(y, [batch, channels, ...spatialOf(y)])
}

/** How many elements each place of a window counts along one axis. */
const counts = (
  length: number,
  places: number,
  stride: number,
  dilation: number,
  kernel: number,
  before: number,
  low: number,
  high: number,
): number[] =>
  Array.from({ length: places }, (_, place) => {
    let count = 0
    for (let k = 0; k < kernel; k++) {
      const at = place * stride - before + k * dilation
      if (at >= low && at < length + high) count++
    }
    return count
  })

/** The number of elements under each place of a window, with the border where the node counts it. */
const divisor = (x: Tensor, y: Tensor, window: Window, border: Window | undefined): Tensor =>
  spatialOf(x)
    .map((length, i) => {
      const [low, high] = border === undefined ? [0, 0] : [-(border.before[i] as number), border.after[i] as number]
      const own = counts(
        length,
        y.shape[i + 2] as number,
        window.strides[i] as number,
        window.dilations[i] as number,
        window.kernel[i] as number,
        window.before[i] as number,
        low,
        high,
      )
      return tensor(own, { dtype: x.dtype, shape: spatialOf(x).map((_, axis) => (axis === i ? own.length : 1)) }) as Tensor
    })
    .reduce((left, right) => mul(left, right))

/** Windows that tile the input are a reshape and a mean. */
const tiles = (x: Tensor, { kernel, strides, dilations, before, after }: Window): boolean =>
  spatialOf(x).every(
    (length, i) =>
      kernel[i] === strides[i] && dilations[i] === 1 && before[i] === 0 && after[i] === 0 && length % (kernel[i] as number) === 0,
  )

const meanOfTiles = (x: Tensor, { kernel }: Window): Tensor => {
  const parts = spatialOf(x).flatMap((length, i) => [length / (kernel[i] as number), kernel[i] as number])
  return mean(reshape(x, [...x.shape.slice(0, 2), ...parts]), { axes: kernel.map((_, i) => 3 + 2 * i) })
}

const averagePool: Converter = (call) => {
  const x = tensorAt(call, 0)
  const window = poolWindow(call, x)
  const wide = withCeil(call, x, window)
  if (tiles(x, wide)) return meanOfTiles(x, wide)
  const total = sumPool(x, wide)
  return div(total, divisor(x, total, wide, intAttribute(call, 'count_include_pad', 0) === 1 ? window : undefined))
}

const rooted = (call: Call, x: Tensor, total: (powers: Tensor) => Tensor): Tensor => {
  const p = intAttribute(call, 'p', 2)
  if (p === 1) return total(abs(x))
  return p === 2 ? sqrt(total(square(x))) : pow(total(pow(abs(x), p)), 1 / p)
}

const lpPool: Converter = (call) => {
  const x = tensorAt(call, 0)
  const window = withCeil(call, x, poolWindow(call, x))
  return rooted(call, x, (powers) => sumPool(powers, window))
}

const overSpace =
  (fn: (x: Tensor, axes: readonly number[], call: Call) => Tensor): Converter =>
  (call) => {
    const x = tensorAt(call, 0)
    return fn(x, [...x.shape.keys()].slice(2), call)
  }

/** Pools: a window, or all of space. */
export const pools: Readonly<Record<string, Converter>> = {
  AveragePool: averagePool,
  GlobalAveragePool: overSpace((x, axes) => mean(x, { axes, keepDims: true })),
  GlobalLpPool: overSpace((x, axes, call) =>
    rooted(call, x, (powers) => mul(mean(powers, { axes, keepDims: true }), sizeOf(spatialOf(x)))),
  ),
  GlobalMaxPool: overSpace((x, axes) => max(x, { axes, keepDims: true })),
  LpPool: lpPool,
  MaxPool: maxPool,
  MaxUnpool: maxUnpool,
}
