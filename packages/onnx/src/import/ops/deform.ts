import { add, arange, broadcastTo, cast, matmul, mul, reshape, slice, sizeOf, transpose } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, intAttribute, optionalAt, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { convolutionWindow } from './convolution.ts'
import { alongChannels } from './layout.ts'
import { interpolated, linear, startsOf } from './pixels.ts'
import { checkShape } from './shape.ts'
import { reachOf, spatialOf } from './window.ts'
import type { Window } from './window.ts'

const lengthsOf = (x: Tensor, { kernel, strides, dilations, before, after }: Window): number[] =>
  spatialOf(x).map((length, i) => {
    const free = length + (before[i] as number) + (after[i] as number) - reachOf(kernel[i] as number, dilations[i] as number)
    return Math.floor(free / (strides[i] as number)) + 1
  })

/** Where a kernel without offsets would read along an axis, `[kernel places, …output]` with 1 along other axes. */
const regular = (
  axis: number,
  { kernel, strides, dilations, before }: Window,
  output: readonly number[],
  dtype: Tensor['dtype'],
): Tensor => {
  const [stride, dilation, start] = [strides[axis] as number, dilations[axis] as number, before[axis] as number]
  const steps = reshape(mul(arange(output[axis] as number), stride), [
    ...kernel.map(() => 1),
    ...output.map((length, i) => (i === axis ? length : 1)),
  ])
  const taps = reshape(add(mul(arange(kernel[axis] as number), dilation), -start), [
    ...kernel.map((length, i) => (i === axis ? length : 1)),
    ...output.map(() => 1),
  ])
  const places = broadcastTo(add(taps, steps), [...kernel, ...output])
  return cast(reshape(places, [sizeOf(kernel), ...output]), dtype)
}

/** Reads what lies under the moved kernel: `[batch, groups, channels / groups, kernel places, outputs]`. */
const columnsOf = (call: Call, x: Tensor, window: Window, output: readonly number[]): Tensor => {
  const [batch, channels, ...lengths] = x.shape as [number, number, ...number[]]
  const [rank, places] = [lengths.length, sizeOf(window.kernel)]
  const groups = intAttribute(call, 'offset_group', 1)
  checkShape(call, [batch, channels, places, ...output])
  const offsets = reshape(tensorAt(call, 2), [batch * groups, places, rank, ...output])
  const at = lengths.map((_, axis) => {
    const own = slice(offsets, [null, null, { start: axis, end: axis + 1 }])
    return add(reshape(own, [batch * groups, places, ...output]), regular(axis, window, output, x.dtype))
  })
  const grouped = reshape(x, [batch * groups, channels / groups, ...lengths])
  const rows = reshape(transpose(grouped, [0, ...lengths.map((_, i) => i + 2), 1]), [-1, channels / groups])
  const pixels = { rows, lengths, starts: startsOf(batch * groups, lengths, output.length + 2) }
  const read = reshape(interpolated(pixels, at, linear), [batch * groups, places, sizeOf(output), channels / groups])
  const mask = optionalAt(call, 4)
  const shown = mask === undefined ? read : mul(read, reshape(mask, [batch * groups, places, sizeOf(output), 1]))
  return reshape(transpose(shown, [0, 3, 1, 2]), [batch, channels, places, sizeOf(output)])
}

/** A convolution whose kernel reads at offsets that the network computes. */
const deformConv: Converter = (call) => {
  const [x, kernel] = [tensorAt(call, 0), tensorAt(call, 1)]
  const window = convolutionWindow(call, x, kernel)
  const output = lengthsOf(x, window)
  const [batch, channels] = x.shape as [number, number]
  const [filters, groups] = [kernel.shape[0] as number, intAttribute(call, 'group', 1)]
  if (channels % groups !== 0 || filters % groups !== 0)
    return fail(call, `${channels} channels and ${filters} filters do not form ${groups} groups`)
  const depth = (channels / groups) * sizeOf(window.kernel)
  const columns = reshape(columnsOf(call, x, window, output), [batch, groups, depth, sizeOf(output)])
  const y = reshape(matmul(reshape(kernel, [1, groups, filters / groups, depth]), columns), [batch, filters, ...output])
  const bias = optionalAt(call, 3)
  return bias === undefined ? y : add(y, alongChannels(y, bias))
}

export const deformations: Readonly<Record<string, Converter>> = { DeformConv: deformConv }
