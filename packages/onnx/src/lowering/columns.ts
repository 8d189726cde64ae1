import { broadcastTo, cast, concat, evaluate, flip, less, matmul, pad, reshape, slice, tensor, transpose, where } from '@grad-ts/tensor'
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
  return pad(x, [[0, 0], [0, 0], ...widths], value)
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
    return slice(source, [{}, {}, ...ranges])
  })

/** Lays the windows of a convolution out as a matrix: x `[channels, batch, …]` → `[channels · kernel, batch · positions]`. */
const columnsOf = (x: Tensor, kernel: readonly number[], spatial: readonly number[], window: ConvolutionAttributes): Tensor => {
  const [channels, batch] = x.shape as readonly [number, number]
  const slices = slicesOf(padded(x, window, 0), kernel, spatial, window)
  const columns = concat(
    slices.map((part) => reshape(part, [channels, 1, batch * product(spatial)])),
    1,
  )
  return reshape(columns, [channels * product(kernel), batch * product(spatial)])
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

const swapped = (x: Tensor): Tensor => transpose(x, [1, 0, ...[...x.shape.keys()].slice(2)])

/** Cuts the first axis into groups: `[groups · rows, …]` → `[groups, rows, …]`. */
const grouped = (x: Tensor, groups: number): Tensor => reshape(x, [groups, (x.shape[0] as number) / groups, ...x.shape.slice(1)])

const joinedGroups = (x: Tensor): Tensor => reshape(x, [(x.shape[0] as number) * (x.shape[1] as number), ...x.shape.slice(2)])

/** A convolution as a matrix product, batched over the groups: kernel `[out, in · kernel]` times the columns. */
export const convolution = (x: Tensor, kernel: Tensor, spatial: readonly number[], window: ConvolutionAttributes): Tensor => {
  const [out] = kernel.shape as readonly [number]
  const columns = columnsOf(swapped(x), kernel.shape.slice(2), spatial, window)
  const product = matmul(grouped(reshape(kernel, [out, -1]), window.groups), grouped(columns, window.groups))
  return swapped(reshape(product, [out, x.shape[0] as number, ...spatial]))
}

/** The gradient of the kernel: the cotangent `[out, batch · positions]` times the transposed columns, batched over the groups. */
export const kernelGradient = (x: Tensor, cotangent: Tensor, kernel: readonly number[], window: ConvolutionAttributes): Tensor => {
  const columns = columnsOf(swapped(x), kernel, cotangent.shape.slice(2), window)
  const outFirst = swapped(cotangent)
  const out = outFirst.shape[0] as number
  const product = matmul(grouped(reshape(outFirst, [out, -1]), window.groups), grouped(columns, window.groups), { transposeB: true })
  return reshape(product, [out, (x.shape[1] as number) / window.groups, ...kernel])
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
