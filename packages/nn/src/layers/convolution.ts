import { add, conv, convTranspose, reshape, ShapeError, splitKey } from '@grad-ts/tensor'
import type { Padding, PerAxis, Tensor } from '@grad-ts/tensor'
import { LayerError } from '../errors.ts'
import type { Initializer } from '../initializers/initializer.ts'
import { zeros } from '../initializers/simple.ts'
import { glorotUniform } from '../initializers/variance-scaling.ts'
import { statelessLayer } from '../layer.ts'
import type { Layer } from '../layer.ts'
import { checkSizes } from './checks.ts'
import type { KernelAndBias } from './dense.ts'
import { sequential } from './sequential.ts'

interface ConvolutionOptions {
  /** Channels of x. */
  readonly in: number
  /** Channels of y. */
  readonly out: number
  /** Length of the kernel along each spatial axis. */
  readonly kernel: PerAxis
  /** Default 1. */
  readonly stride?: PerAxis
  /** Default 1. */
  readonly dilation?: PerAxis
  /** Independent groups of channels, default 1; as many as channels make it depthwise. */
  readonly groups?: number
  /** Default true. */
  readonly useBias?: boolean
  /** Default: Glorot uniform. */
  readonly kernelInit?: Initializer
  /** Default: zeros. */
  readonly biasInit?: Initializer
}

export interface ConvOptions extends ConvolutionOptions {
  /** Default 'valid'. */
  readonly padding?: Padding
}

export interface ConvTransposeOptions extends ConvolutionOptions {
  /** What the convolution that this one transposes pads, default 0. */
  readonly padding?: number | readonly (number | readonly [number, number])[]
  /** Adds to the length of the result where a stride leaves it open, default 0. */
  readonly outputPadding?: number | readonly number[]
}

const spatialKernel = (kernel: PerAxis, rank: number): readonly number[] =>
  typeof kernel === 'number' ? Array.from({ length: rank }, () => kernel) : kernel

const withBias = (y: Tensor, bias: Tensor | null): Tensor =>
  bias === null ? y : add(y, reshape(bias, [-1, ...y.shape.slice(2).map(() => 1)]))

const checkInput = (name: string, x: Tensor, channels: number, rank: number): void => {
  if (x.shape.length !== rank + 2 || x.shape[1] !== channels)
    throw new ShapeError(
      name,
      [x],
      `expected x of shape [batch, ${channels}, …${rank} spatial ${rank === 1 ? 'axis' : 'axes'}]: channels come before space`,
    )
}

const checkGroups = (name: string, { in: inputs, out, groups = 1 }: ConvolutionOptions): void => {
  if (inputs % groups !== 0 || out % groups !== 0)
    throw new LayerError(name, `expected in (${inputs}) and out (${out}) to be multiples of groups (${groups})`)
}

type Apply = (x: Tensor, kernel: Tensor) => Tensor

const convolution = (
  name: string,
  rank: number,
  options: ConvolutionOptions,
  shape: readonly number[],
  axes: { readonly inAxis: number; readonly outAxis: number },
  apply: Apply,
): Layer<KernelAndBias, null> => {
  checkSizes(name, { in: options.in, out: options.out, groups: options.groups ?? 1 })
  checkGroups(name, options)
  const { useBias = true, kernelInit = glorotUniform, biasInit = zeros } = options
  return statelessLayer<KernelAndBias>({
    name,
    init: (key) => {
      const [kernelKey, biasKey] = splitKey(key)
      return { kernel: kernelInit(kernelKey, shape, axes), bias: useBias ? biasInit(biasKey, [options.out]) : null }
    },
    apply: ({ kernel, bias }, x) => {
      checkInput(name, x, options.in, rank)
      return withBias(apply(x, kernel), bias)
    },
  })
}

const convLayer =
  (rank: number) =>
  (options: ConvOptions): Layer<KernelAndBias, null> => {
    const { stride = 1, padding = 'valid', dilation = 1, groups = 1 } = options
    const shape = [options.out, options.in / groups, ...spatialKernel(options.kernel, rank)]
    return convolution(`conv${rank}d`, rank, options, shape, { inAxis: 1, outAxis: 0 }, (x, kernel) =>
      conv(x, kernel, { stride, padding, dilation, groups }),
    )
  }

const convTransposeLayer =
  (rank: number) =>
  (options: ConvTransposeOptions): Layer<KernelAndBias, null> => {
    const { stride = 1, padding = 0, dilation = 1, groups = 1, outputPadding = 0 } = options
    const shape = [options.in, options.out / groups, ...spatialKernel(options.kernel, rank)]
    return convolution(`convTranspose${rank}d`, rank, options, shape, { inAxis: 0, outAxis: 1 }, (x, kernel) =>
      convTranspose(x, kernel, { stride, padding, dilation, groups, outputPadding }),
    )
  }

/**
 * A convolution over one axis: `[batch, in, length] → [batch, out, length′]`, kernel `[out, in / groups, k]`.
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { conv1d } from '@grad-ts/nn'
 * const layer = conv1d({ in: 3, out: 8, kernel: 5 })
 * layer.apply(layer.init(key(0)), ones([2, 3, 20])).shape // => [2, 8, 16]
 */
export const conv1d = convLayer(1)

/**
 * A convolution over two axes: `[batch, in, height, width] → [batch, out, height′, width′]`, kernel `[out, in / groups, kh, kw]`.
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { conv2d } from '@grad-ts/nn'
 * const layer = conv2d({ in: 1, out: 8, kernel: 3, padding: 'same' })
 * layer.apply(layer.init(key(0)), ones([2, 1, 28, 28])).shape // => [2, 8, 28, 28]
 */
export const conv2d = convLayer(2)

/**
 * A convolution over three axes: `[batch, in, depth, height, width] → [batch, out, …]`, kernel `[out, in / groups, kd, kh, kw]`.
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { conv3d } from '@grad-ts/nn'
 * const layer = conv3d({ in: 1, out: 2, kernel: 3 })
 * layer.apply(layer.init(key(0)), ones([1, 1, 8, 8, 8])).shape // => [1, 2, 6, 6, 6]
 */
export const conv3d = convLayer(3)

/**
 * The transpose of a convolution over one axis, which lengthens it by its stride; kernel `[in, out / groups, k]`.
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { convTranspose1d } from '@grad-ts/nn'
 * const layer = convTranspose1d({ in: 2, out: 1, kernel: 2, stride: 2 })
 * layer.apply(layer.init(key(0)), ones([1, 2, 5])).shape // => [1, 1, 10]
 */
export const convTranspose1d = convTransposeLayer(1)

/**
 * The transpose of a convolution over two axes, which enlarges images by its stride; kernel `[in, out / groups, kh, kw]`.
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { convTranspose2d } from '@grad-ts/nn'
 * const layer = convTranspose2d({ in: 8, out: 3, kernel: 2, stride: 2 })
 * layer.apply(layer.init(key(0)), ones([2, 8, 7, 7])).shape // => [2, 3, 14, 14]
 */
export const convTranspose2d = convTransposeLayer(2)

/**
 * The transpose of a convolution over three axes; kernel `[in, out / groups, kd, kh, kw]`.
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { convTranspose3d } from '@grad-ts/nn'
 * const layer = convTranspose3d({ in: 2, out: 1, kernel: 2, stride: 2 })
 * layer.apply(layer.init(key(0)), ones([1, 2, 3, 3, 3])).shape // => [1, 1, 6, 6, 6]
 */
export const convTranspose3d = convTransposeLayer(3)

/**
 * A convolution of each channel by itself, then one across channels (Chollet, 2016, arXiv:1610.02357); parameters `depthwise` and `pointwise`.
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { separableConv2d } from '@grad-ts/nn'
 * const layer = separableConv2d({ in: 3, out: 8, kernel: 3 })
 * layer.apply(layer.init(key(0)), ones([1, 3, 8, 8])).shape // => [1, 8, 6, 6]
 */
export const separableConv2d = (options: Omit<ConvOptions, 'groups'>) =>
  sequential({
    depthwise: conv2d({ ...options, out: options.in, groups: options.in, useBias: false }),
    pointwise: conv2d({ in: options.in, out: options.out, kernel: 1, useBias: options.useBias ?? true }),
  })
