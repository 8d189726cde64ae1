import { ShapeError } from './errors.ts'
import { node } from './tensor.ts'
import type { Tensor } from './tensor.ts'
import { perAxis, windowOf } from './window.ts'
import type { WindowOptions } from './window.ts'

export interface ConvOptions extends WindowOptions {
  /** Splits the channels into independent groups; as many groups as channels is a depthwise convolution. Default 1. */
  readonly groups?: number
}

/**
 * Slides kernels over the spatial axes (1, 2, 3 or more): y[n, o, p] = Σ x[n, c, p·stride + k·dilation − padding] · kernel[o, c, k].
 *
 * @param x float `[batch, in, …spatial]`
 * @param kernel `[out, in / groups, …kernel]`
 * @param options.stride default 1
 * @param options.padding default 'valid'
 * @param options.dilation default 1
 * @returns `[batch, out, …]`
 * @throws {ShapeError} when channels or axes do not fit
 * @example
 * import { conv, ones } from '@grad-ts/tensor'
 * conv(ones([8, 3, 32, 32]), ones([16, 3, 3, 3]), { padding: 'same', stride: 2 }).shape // => [8, 16, 16, 16]
 */
export const conv = (x: Tensor, kernel: Tensor, { groups = 1, ...options }: ConvOptions = {}): Tensor =>
  node('conv', [x, kernel], { ...windowOf('conv', x, kernel.shape.slice(2), options), groups })

export interface ConvTransposeOptions extends Omit<ConvOptions, 'padding'> {
  /** As in the convolution that this one transposes: it makes the result smaller. Default 0. */
  readonly padding?: number | readonly (number | readonly [number, number])[]
  /** Adds to the result's length where a stride leaves it open. Default 0. */
  readonly outputPadding?: number | readonly number[]
}

const openEnds = (op: string, x: Tensor, value: number | readonly number[], rank: number): number[] =>
  perAxis(op, x, typeof value === 'number' ? value + 1 : value.map((entry) => entry + 1), rank).map((entry) => entry - 1)

/**
 * The transpose of a convolution with the same kernel and options: spreads every element of x over a window of the result.
 *
 * @param x float `[batch, in, …spatial]`
 * @param kernel `[in, out / groups, …kernel]`
 * @returns `[batch, out, …]` of length (n − 1)·stride − padding + dilation·(kernel − 1) + 1 + outputPadding
 * @example
 * import { convTranspose, ones } from '@grad-ts/tensor'
 * convTranspose(ones([8, 16, 7, 7]), ones([16, 3, 2, 2]), { stride: 2 }).shape // => [8, 3, 14, 14]
 */
export const convTranspose = (x: Tensor, kernel: Tensor, options: ConvTransposeOptions = {}): Tensor => {
  const op = 'convTranspose'
  const { groups = 1, outputPadding = 0, ...rest } = options
  const size = kernel.shape.slice(2)
  const window = windowOf(op, x, size, rest)
  const extra = openEnds(op, x, outputPadding, size.length)
  const spatial = size.map((length, axis) => {
    const [stride, dilation, before, after] = [window.strides[axis], window.dilations[axis], window.before[axis], window.after[axis]] as [
      number,
      number,
      number,
      number,
    ]
    return ((x.shape[axis + 2] as number) - 1) * stride - before - after + dilation * (length - 1) + 1 + (extra[axis] as number)
  })
  if (spatial.some((length) => length < 1)) throw new ShapeError(op, [x, kernel], `the padding leaves a result of [${spatial.join(', ')}]`)
  return node('convInputGradient', [x, kernel], { ...window, groups, spatial })
}
