import {
  broadcastTo,
  cast,
  concat,
  evaluate,
  flip,
  less,
  matmul,
  pad,
  reshape,
  slice,
  sum,
  tensor,
  transpose,
  where,
} from '@grad-ts/tensor'
import type { OpAttributes, Tensor } from '@grad-ts/tensor'

type ConvolutionAttributes = OpAttributes['conv']
type PoolAttributes = OpAttributes['maxPool']
type WindowAttributes = Omit<PoolAttributes, 'kernel'>

const product = (lengths: readonly number[]): number => lengths.reduce((total, length) => total * length, 1)

/** Every position in a kernel, row-major. */
const offsets = (kernel: readonly number[]): number[][] =>
  kernel.reduce<number[][]>((known, length) => known.flatMap((start) => Array.from({ length }, (_, i) => [...start, i])), [[]])

const padded = (x: Tensor, { before, after }: WindowAttributes, value: number): Tensor => {
  if ([...before, ...after].every((width) => width === 0)) return x
  const widths = before.map((width, i) => [width, after[i] as number] as const)
  return pad(x, [...Array.from({ length: x.shape.length - widths.length }, () => [0, 0] as const), ...widths], value)
}

/** One strided slice of an already padded tensor for each place in the kernel: what that place sees at every position. */
const slicesOf = (
  source: Tensor,
  kernel: readonly number[],
  spatial: readonly number[],
  { strides, dilations }: Pick<ConvolutionAttributes, 'strides' | 'dilations'>,
): Tensor[] =>
  offsets(kernel).map((offset) => {
    const ranges = offset.map((at, axis) => {
      const start = at * (dilations[axis] as number)
      const step = strides[axis] as number
      return { start, end: start + ((spatial[axis] as number) - 1) * step + 1, step }
    })
    return slice(source, [...Array.from({ length: source.shape.length - ranges.length }, () => ({})), ...ranges])
  })

/**
 * Lays the windows of a convolution out as matrices: x `[outer, channels, inner, …]` → `[outer, channels · kernel, inner · positions]`.
 */
const columnsOf = (x: Tensor, kernel: readonly number[], spatial: readonly number[], window: ConvolutionAttributes): Tensor => {
  const [outer, channels, inner] = x.shape as readonly [number, number, number]
  const slices = slicesOf(padded(x, window, 0), kernel, spatial, window)
  const columns = concat(
    slices.map((part) => reshape(part, [outer, channels, 1, inner * product(spatial)])),
    2,
  )
  return reshape(columns, [outer, channels * product(kernel), inner * product(spatial)])
}

/** The flat place in the spatial axes that each kernel element sees at each position; −1 in the padding. */
const placesOf = (size: readonly number[], kernel: readonly number[], spatial: readonly number[], window: WindowAttributes): Tensor[] => {
  const numbers = Float32Array.from({ length: product(size) }, (_, i) => i)
  const x = padded(tensor(numbers, { shape: [1, 1, ...size] }), window, -1)
  return slicesOf(x, kernel, spatial, window).map((places) => evaluate(cast(places, 'int32')))
}

/** Where the largest element of each window (the first of equals) lies, for providers whose pooling does not tell: x `[batch, channels, …]`. */
export const largestPlaces = (x: Tensor, { kernel, ...window }: PoolAttributes, spatial: readonly number[]): Tensor => {
  const places = placesOf(x.shape.slice(2), kernel, spatial, window)
  const seen = slicesOf(padded(x, window, -Infinity), kernel, spatial, window)
  let [largest, at] = [seen[0] as Tensor, broadcastTo(places[0] as Tensor, (seen[0] as Tensor).shape)]
  seen.slice(1).forEach((values, i) => {
    const better = less(largest, values)
    largest = where(better, values, largest)
    at = where(better, places[i + 1] as Tensor, at)
  })
  return at
}

/** Each image by itself: `[batch, channels, …]` → `[batch, channels, 1, …]`. */
const single = (x: Tensor): Tensor => reshape(x, [...x.shape.slice(0, 2), 1, ...x.shape.slice(2)])

/** All images as one: `[batch, channels, …]` → `[1, channels, batch, …]`. */
const joined = (x: Tensor): Tensor => {
  const channelsFirst = transpose(x, [1, 0, ...[...x.shape.keys()].slice(2)])
  return reshape(channelsFirst, [1, ...channelsFirst.shape])
}

/** Cuts an axis into groups: `[…, groups · rows, …]` → `[…, groups, rows, …]`. */
const grouped = (x: Tensor, groups: number, axis = 0): Tensor =>
  reshape(x, [...x.shape.slice(0, axis), groups, (x.shape[axis] as number) / groups, ...x.shape.slice(axis + 1)])

const joinedGroups = (x: Tensor): Tensor => reshape(x, [(x.shape[0] as number) * (x.shape[1] as number), ...x.shape.slice(2)])

/** A convolution as a matrix product, batched over images and groups: kernel `[out, in · kernel]` times the columns. */
export const convolution = (x: Tensor, kernel: Tensor, spatial: readonly number[], window: ConvolutionAttributes): Tensor => {
  const [out] = kernel.shape as readonly [number]
  const columns = columnsOf(single(x), kernel.shape.slice(2), spatial, window)
  const product = matmul(grouped(reshape(kernel, [out, -1]), window.groups), grouped(columns, window.groups, 1))
  return reshape(product, [x.shape[0] as number, out, ...spatial])
}

/**
 * The gradient of the kernel: the columns times the transposed cotangent, batched over the groups. A product for each image keeps to the
 * caches, but makes a gradient for each; it is taken where those are no larger than the columns. Float16 would round each of them.
 */
export const kernelGradient = (x: Tensor, cotangent: Tensor, kernel: readonly number[], window: ConvolutionAttributes): Tensor => {
  const spatial = cotangent.shape.slice(2)
  const out = cotangent.shape[1] as number
  const arrange = x.dtype !== 'float16' && out / window.groups <= product(spatial) ? single : joined
  const [source, y] = [arrange(x), arrange(cotangent)]
  const columns = columnsOf(source, kernel, spatial, window)
  const rows = reshape(y, [y.shape[0] as number, out, -1])
  const products = matmul(grouped(columns, window.groups, 1), grouped(rows, window.groups, 1), { transposeB: true })
  const turned = transpose(sum(products, { axes: 0 }), [0, 2, 1])
  return reshape(turned, [out, (x.shape[1] as number) / window.groups, ...kernel])
}

/** Puts `stride − 1` zeros after every element of an axis. */
const spread = (x: Tensor, axis: number, stride: number): Tensor => {
  if (stride === 1) return x
  const length = x.shape[axis] as number
  const column = reshape(x, [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)])
  const widened = pad(
    column,
    column.shape.map((_, i) => [0, i === axis + 1 ? stride - 1 : 0] as const),
  )
  return reshape(
    widened,
    x.shape.map((size, i) => (i === axis ? length * stride : size)),
  )
}

/** Widens or cuts an axis at both ends. */
const resized = (x: Tensor, axis: number, before: number, after: number): Tensor => {
  const wide = pad(
    x,
    x.shape.map((_, i) => (i === axis ? ([Math.max(before, 0), Math.max(after, 0)] as const) : ([0, 0] as const))),
  )
  const cut = (wide.shape[axis] as number) - Math.max(-after, 0)
  return slice(
    wide,
    wide.shape.map((_, i) => (i === axis ? { start: Math.max(-before, 0), end: cut } : {})),
  )
}

/** The kernel of the transposed convolution: in and out swapped within each group, every spatial axis reversed. */
const turned = (kernel: Tensor, groups: number): Tensor => {
  const reversed = [...kernel.shape.keys()].slice(2).reduce((x, axis) => flip(x, axis), kernel)
  const byGroup = grouped(reversed, groups)
  return joinedGroups(transpose(byGroup, [0, 2, 1, ...[...byGroup.shape.keys()].slice(3)]))
}

/** The gradient of the input as a plain convolution of the spread and padded cotangent with the turned kernel. */
export const asConvolution = (
  cotangent: Tensor,
  kernel: Tensor,
  spatial: readonly number[],
  window: ConvolutionAttributes,
): { readonly source: Tensor; readonly kernel: Tensor; readonly window: ConvolutionAttributes } => {
  const source = spatial.reduce((x, length, i) => {
    const reach = ((kernel.shape[i + 2] as number) - 1) * (window.dilations[i] as number)
    const spreadOut = spread(x, i + 2, window.strides[i] as number)
    const before = reach - (window.before[i] as number)
    return resized(spreadOut, i + 2, before, length + reach - before - (spreadOut.shape[i + 2] as number))
  }, cotangent)
  const none = spatial.map(() => 0)
  return { source, kernel: turned(kernel, window.groups), window: { ...window, strides: spatial.map(() => 1), before: none, after: none } }
}
