import { concat, flip, matmul, pad, reshape, slice, transpose } from '@grad-ts/tensor'
import type { OpAttributes, Tensor } from '@grad-ts/tensor'

type ConvolutionAttributes = OpAttributes['conv']

const product = (lengths: readonly number[]): number => lengths.reduce((total, length) => total * length, 1)

/** Every position in a kernel, row-major. */
const offsets = (kernel: readonly number[]): number[][] =>
  kernel.reduce<number[][]>((known, length) => known.flatMap((start) => Array.from({ length }, (_, i) => [...start, i])), [[]])

const padded = (x: Tensor, { before, after }: ConvolutionAttributes): Tensor =>
  [...before, ...after].every((width) => width === 0)
    ? x
    : pad(x, [[0, 0], [0, 0], ...before.map((width, i) => [width, after[i] as number] as const)])

/**
 * Lays the windows of a convolution out as a matrix: x `[channels, batch, …]` → `[channels · kernel, batch · positions]`,
 * one strided slice for each place in the kernel.
 */
const columnsOf = (x: Tensor, kernel: readonly number[], spatial: readonly number[], window: ConvolutionAttributes): Tensor => {
  const source = padded(x, window)
  const [channels, batch] = source.shape as readonly [number, number]
  const slices = offsets(kernel).map((offset) => {
    const ranges = offset.map((at, axis) => {
      const start = at * (window.dilations[axis] as number)
      const step = window.strides[axis] as number
      return { start, end: start + ((spatial[axis] as number) - 1) * step + 1, step }
    })
    return reshape(slice(source, [{}, {}, ...ranges]), [channels, 1, batch * product(spatial)])
  })
  return reshape(concat(slices, 1), [channels * product(kernel), batch * product(spatial)])
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
