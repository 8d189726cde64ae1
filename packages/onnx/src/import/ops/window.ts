import { abs, add, div, max, mean, mul, node, pow, reshape, scatterAdd, sizeOf, sqrt, square, tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import {
  fail,
  intAttribute,
  intsAttribute,
  numbersAt,
  optionalAt,
  optionalNumbersAt,
  outputCount,
  stringAttribute,
  tensorAt,
} from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { alongChannels } from './layout.ts'
import { checkShape } from './shape.ts'

/** How a window slides over the spatial axes. */
interface Window {
  readonly kernel: readonly number[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  readonly before: readonly number[]
  readonly after: readonly number[]
}

const spatialOf = (x: Tensor): readonly number[] => x.shape.slice(2)

const listFor = (call: Call, name: string, rank: number, fallback: number): readonly number[] => {
  const values = intsAttribute(call, name) ?? Array.from<number>({ length: rank }).fill(fallback)
  if (values.length !== rank || values.some((value) => !Number.isInteger(value) || value < fallback || value > 2 ** 24))
    return fail(call, `attribute '${name}' is [${values.join(', ')}]; expected ${rank} numbers of at least ${fallback}`)
  return values
}

const reachOf = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1

const halves = (total: number, extraAtEnd: boolean): readonly [number, number] => {
  const small = Math.floor(total / 2)
  return extraAtEnd ? [small, total - small] : [total - small, small]
}

/** Explicit amounts, or those that keep the length (divided by the stride). */
const padsOf = (
  call: Call,
  spatial: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): (readonly [number, number])[] => {
  const mode = stringAttribute(call, 'auto_pad', 'NOTSET')
  if (mode === 'VALID') return spatial.map(() => [0, 0])
  if (mode === 'SAME_UPPER' || mode === 'SAME_LOWER')
    return spatial.map((length, i) => {
      const stride = strides[i] as number
      const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + reachOf(kernel[i] as number, dilations[i] as number) - length)
      return halves(total, mode === 'SAME_UPPER')
    })
  const pads = intsAttribute(call, 'pads') ?? spatial.flatMap(() => [0, 0])
  if (pads.length !== spatial.length * 2 || pads.some((amount) => amount < 0 || amount > 2 ** 24))
    return fail(call, `attribute 'pads' is [${pads.join(', ')}]; expected ${spatial.length * 2} numbers of at least 0`)
  return spatial.map((_, i) => [pads[i] as number, pads[i + spatial.length] as number])
}

const windowOf = (call: Call, x: Tensor, kernel: readonly number[]): Window => {
  const spatial = spatialOf(x)
  if (kernel.length !== spatial.length || spatial.length === 0)
    return fail(call, `a window of [${kernel.join(', ')}] does not fit ${spatial.length} spatial axes`)
  const strides = listFor(call, 'strides', spatial.length, 1)
  const dilations = listFor(call, 'dilations', spatial.length, 1)
  const pads = padsOf(call, spatial, kernel, strides, dilations)
  return { kernel, strides, dilations, before: pads.map(([before]) => before), after: pads.map(([, after]) => after) }
}

const conv: Converter = (call) => {
  const x = tensorAt(call, 0)
  const kernel = tensorAt(call, 1)
  const shape = intsAttribute(call, 'kernel_shape') ?? spatialOf(kernel)
  if (shape.some((length, i) => length !== kernel.shape[i + 2]))
    return fail(call, `kernel_shape [${shape.join(', ')}] is not that of the weight`)
  const { strides, dilations, before, after } = windowOf(call, x, shape)
  const y = node('conv', [x, kernel], { strides, dilations, before, after, groups: intAttribute(call, 'group', 1) })
  const bias = optionalAt(call, 2)
  return bias === undefined ? y : add(y, alongChannels(y, bias))
}

/** The transposed convolution is the gradient of a convolution with respect to its input. */
const convTranspose: Converter = (call) => {
  const x = tensorAt(call, 0)
  const kernel = tensorAt(call, 1)
  const spatial = spatialOf(x)
  const lengths = intsAttribute(call, 'kernel_shape') ?? spatialOf(kernel)
  const strides = listFor(call, 'strides', spatial.length, 1)
  const dilations = listFor(call, 'dilations', spatial.length, 1)
  const extra = listFor(call, 'output_padding', spatial.length, 0)
  const full = spatial.map(
    (length, i) => (strides[i] as number) * (length - 1) + (extra[i] as number) + reachOf(lengths[i] as number, dilations[i] as number),
  )
  const mode = stringAttribute(call, 'auto_pad', 'NOTSET')
  const isSame = mode === 'SAME_UPPER' || mode === 'SAME_LOWER'
  const asked =
    intsAttribute(call, 'output_shape')?.slice(-spatial.length) ??
    (isSame ? spatial.map((length, i) => length * (strides[i] as number)) : undefined)
  const pads =
    asked === undefined
      ? padsOf(call, spatial, lengths, strides, dilations)
      : full.map((length, i) => halves(Math.max(0, length - (asked[i] as number)), mode === 'SAME_UPPER'))
  const [before, after] = [pads.map(([amount]) => amount), pads.map(([, amount]) => amount)]
  const target = asked ?? full.map((length, i) => length - (before[i] as number) - (after[i] as number))
  checkShape(call, [x.shape[0] ?? 0, kernel.shape[1] ?? 0, ...target])
  const y = node('convInputGradient', [x, kernel], {
    strides,
    dilations,
    before,
    after,
    groups: intAttribute(call, 'group', 1),
    spatial: target,
  })
  const bias = optionalAt(call, 2)
  return bias === undefined ? y : add(y, alongChannels(y, bias))
}

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

const maxPool: Converter = (call) => {
  const x = tensorAt(call, 0)
  const window = withCeil(call, x, poolWindow(call, x))
  const y = node('maxPool', [x], window)
  if (outputCount(call) < 2) return y
  if (intAttribute(call, 'storage_order', 0) !== 0) return fail(call, 'indices in column order cannot be read')
  return [y, add(node('maxPoolIndices', [x], window), channelStarts(x))]
}

const maxUnpool: Converter = (call) => {
  const x = tensorAt(call, 0)
  const { kernel, strides, before, after } = poolWindow(call, x)
  const grown = spatialOf(x).map(
    (length, i) => (length - 1) * (strides[i] as number) + (kernel[i] as number) - (before[i] as number) - (after[i] as number),
  )
  const target = checkShape(call, optionalNumbersAt(call, 2) ?? [...x.shape.slice(0, 2), ...grown])
  return reshape(scatterAdd(reshape(x, [-1]), reshape(tensorAt(call, 1), [-1]), { length: sizeOf(target) }), target)
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

/** Adds the columns of blocks back into an image: the gradient of a convolution that only picks. */
const columnsToImage: Converter = (call) => {
  const x = tensorAt(call, 0)
  const [image, block] = [numbersAt(call, 1), numbersAt(call, 2)]
  const rank = image.length
  const [strides, dilations] = [listFor(call, 'strides', rank, 1), listFor(call, 'dilations', rank, 1)]
  const pads = padsOf(call, image, block, strides, dilations)
  const [batch, columns] = x.shape as [number, number]
  const size = sizeOf(block)
  const channels = columns / size
  if (!Number.isInteger(channels) || block.length !== rank) return fail(call, `${columns} columns are not blocks of [${block.join(', ')}]`)
  const [before, after] = [pads.map(([amount]) => amount), pads.map(([, amount]) => amount)]
  const places = image.map(
    (length, i) =>
      Math.floor(
        (length + (before[i] as number) + (after[i] as number) - reachOf(block[i] as number, dilations[i] as number)) /
          (strides[i] as number),
      ) + 1,
  )
  checkShape(call, [columns * size])
  checkShape(call, [batch, channels, ...image])
  const picks = Array.from({ length: columns * size }, (_, i) => Number(Math.floor(i / size) % size === i % size))
  const kernel = tensor(picks, { shape: [columns, 1, ...block], dtype: x.dtype })
  return node('convInputGradient', [reshape(x, [batch, columns, ...places]), kernel], {
    strides,
    dilations,
    before,
    after,
    groups: channels,
    spatial: image,
  })
}

/** Operators whose window slides over space. */
export const windows: Readonly<Record<string, Converter>> = {
  AveragePool: averagePool,
  Col2Im: columnsToImage,
  Conv: conv,
  ConvTranspose: convTranspose,
  GlobalAveragePool: overSpace((x, axes) => mean(x, { axes, keepDims: true })),
  GlobalLpPool: overSpace((x, axes, call) =>
    rooted(call, x, (powers) => mul(mean(powers, { axes, keepDims: true }), sizeOf(spatialOf(x)))),
  ),
  GlobalMaxPool: overSpace((x, axes) => max(x, { axes, keepDims: true })),
  LpPool: lpPool,
  MaxPool: maxPool,
  MaxUnpool: maxUnpool,
}
