import { normalizeAxis } from './axes.ts'
import { conv } from './conv.ts'
import { full, tensor } from './create.ts'
import { bufferFrom } from './dtype.ts'
import { abs, div, pow } from './elementwise.ts'
import { gather } from './indexing.ts'
import { reshape } from './layout.ts'
import { applyAlong } from './linear.ts'
import type { PoolAttributes } from './ops/attributes.ts'
import { max, mean, sum } from './reduce.ts'
import { sizeOf } from './shape.ts'
import { node } from './tensor.ts'
import type { Tensor } from './tensor.ts'
import { perAxis, windowOf, withCeiling } from './window.ts'
import type { PerAxis, WindowOptions } from './window.ts'

export interface PoolOptions extends WindowOptions {
  /** Keep a last window that sticks out at the end. Default false. */
  readonly ceiling?: boolean
}

const poolWindow = (op: string, x: Tensor, kernel: PerAxis, { ceiling = false, ...options }: PoolOptions): PoolAttributes => {
  const size = perAxis(op, x, kernel, x.shape.length - 2)
  const window = { ...windowOf(op, x, size, { stride: size, ...options }), kernel: size }
  return ceiling ? withCeiling(x.shape.slice(2), window) : window
}

/**
 * The largest element under each window; padding never wins. Its gradient goes to the first of the largest.
 *
 * @param x float `[batch, channels, …spatial]`
 * @param kernel length of the window along each spatial axis
 * @param options.stride default: the kernel
 * @example
 * import { maxPool, ones } from '@grad-ts/tensor'
 * maxPool(ones([8, 16, 28, 28]), 2).shape // => [8, 16, 14, 14]
 */
export const maxPool = (x: Tensor, kernel: PerAxis, options: PoolOptions = {}): Tensor =>
  node('maxPool', [x], poolWindow('maxPool', x, kernel, options))

/** Windows side by side that fill x exactly are a reshape and a sum. */
const tiles = (x: Tensor, { kernel, strides, dilations, before, after }: PoolAttributes): boolean =>
  kernel.every((length, axis) => {
    const aligned = length === strides[axis] && dilations[axis] === 1 && (x.shape[axis + 2] as number) % length === 0
    return aligned && before[axis] === 0 && after[axis] === 0
  })

const sumTiles = (x: Tensor, kernel: readonly number[]): Tensor => {
  const split = kernel.flatMap((length, axis) => [(x.shape[axis + 2] as number) / length, length])
  return sum(reshape(x, [...x.shape.slice(0, 2), ...split]), { axes: kernel.map((_, axis) => 2 * axis + 3) })
}

/** Adds up each window: a convolution of every channel by itself with ones. */
const sumWindows = (x: Tensor, window: PoolAttributes): Tensor => {
  if (tiles(x, window)) return sumTiles(x, window.kernel)
  const [batch, channels, ...spatial] = x.shape as [number, number, ...number[]]
  const summed = conv(reshape(x, [batch * channels, 1, ...spatial]), full([1, 1, ...window.kernel], 1, x.dtype), {
    stride: window.strides,
    dilation: window.dilations,
    padding: window.before.map((before, axis) => [before, window.after[axis] as number] as const),
  })
  return reshape(summed, [batch, channels, ...summed.shape.slice(2)])
}

/** How many elements of each window count: those in x, or in x and the padding asked for (not in what a ceiling added). */
const counts = (x: Tensor, places: readonly number[], window: PoolAttributes, padded: PoolAttributes, countPadding: boolean): Tensor => {
  const alongAxis = places.map((length, axis) =>
    Array.from({ length }, (_, place) => {
      const [low, high] = countPadding
        ? [-(padded.before[axis] as number), (x.shape[axis + 2] as number) + (padded.after[axis] as number)]
        : [0, x.shape[axis + 2] as number]
      const start = place * (window.strides[axis] as number) - (window.before[axis] as number)
      return Array.from({ length: window.kernel[axis] as number }, (__, k) => start + k * (window.dilations[axis] as number)).filter(
        (at) => at >= low && at < high,
      ).length
    }),
  )
  const product = alongAxis.reduce<number[]>((all, axis) => all.flatMap((outer) => axis.map((inner) => outer * inner)), [1])
  return tensor(bufferFrom(x.dtype, product), { shape: places, dtype: x.dtype })
}

/**
 * The mean of each window.
 *
 * @param x float `[batch, channels, …spatial]`
 * @param options.stride default: the kernel
 * @param options.countPadding divide by the whole window even where part of it is padding. Default true, as in PyTorch; Keras uses false
 * @example
 * import { avgPool, tensor, toArray } from '@grad-ts/tensor'
 * toArray(avgPool(tensor([[[1, 3, 5, 7]]]), 2)) // => [[[2, 6]]]
 */
export const avgPool = (
  x: Tensor,
  kernel: PerAxis,
  { countPadding = true, ...options }: PoolOptions & { readonly countPadding?: boolean } = {},
): Tensor => {
  const window = poolWindow('avgPool', x, kernel, options)
  const padded = poolWindow('avgPool', x, kernel, { ...options, ceiling: false })
  const total = sumWindows(x, window)
  const exact = (countPadding && options.ceiling !== true) || [...window.before, ...window.after].every((width) => width === 0)
  return div(total, exact ? sizeOf(window.kernel) : counts(x, total.shape.slice(2), window, padded, countPadding))
}

/** The p-norm of each window, (Σ|x|ᵖ)^(1/p). */
export const lpPool = (x: Tensor, p: number, kernel: PerAxis, options: PoolOptions = {}): Tensor =>
  pow(sumWindows(pow(abs(x), p), poolWindow('lpPool', x, kernel, options)), 1 / p)

/** The mean over all spatial axes: `[batch, channels, …] → [batch, channels]`. */
export const globalAvgPool = (x: Tensor): Tensor => mean(x, { axes: [...x.shape.keys()].slice(2) })

/** The maximum over all spatial axes: `[batch, channels, …] → [batch, channels]`. */
export const globalMaxPool = (x: Tensor): Tensor => max(x, { axes: [...x.shape.keys()].slice(2) })

/** The ranges into which adaptive pooling cuts an axis; neighbours overlap when the lengths do not divide. */
const bins = (length: number, count: number): (readonly [number, number])[] =>
  Array.from({ length: count }, (_, i) => [Math.floor((i * length) / count), Math.ceil(((i + 1) * length) / count)] as const)

const eachAxis = (op: string, x: Tensor, sizes: PerAxis, along: (x: Tensor, axis: number, count: number) => Tensor): Tensor =>
  perAxis(op, x, sizes, x.shape.length - 2).reduce((pooled, count, axis) => {
    const position = normalizeAxis(op, x, axis + 2)
    return pooled.shape[position] === count ? pooled : along(pooled, position, count)
  }, x)

/**
 * Means over windows chosen so that the result has the given spatial lengths.
 *
 * @example
 * import { adaptiveAvgPool, ones } from '@grad-ts/tensor'
 * adaptiveAvgPool(ones([1, 2, 5, 7]), [2, 3]).shape // => [1, 2, 2, 3]
 */
export const adaptiveAvgPool = (x: Tensor, sizes: PerAxis): Tensor =>
  eachAxis('adaptiveAvgPool', x, sizes, (pooled, axis, count) => {
    const length = pooled.shape[axis] as number
    const weights = bins(length, count).flatMap(([start, end]) =>
      Array.from({ length }, (_, i) => (i >= start && i < end ? 1 / (end - start) : 0)),
    )
    return applyAlong(pooled, axis, tensor(bufferFrom('float64', weights), { shape: [count, length], dtype: 'float64' }))
  })

/** Maxima over windows chosen so that the result has the given spatial lengths. */
export const adaptiveMaxPool = (x: Tensor, sizes: PerAxis): Tensor =>
  eachAxis('adaptiveMaxPool', x, sizes, (pooled, axis, count) => {
    const ranges = bins(pooled.shape[axis] as number, count)
    const widest = Math.max(...ranges.map(([start, end]) => end - start))
    const picked = ranges.flatMap(([start, end]) => Array.from({ length: widest }, (_, i) => Math.min(start + i, end - 1)))
    return max(gather(pooled, tensor(Int32Array.from(picked), { shape: [count, widest] }), axis), { axes: axis + 1 })
  })
