import { add, mean, mul, ones as onesOf, reshape, rsqrt, ShapeError, square, sub, zeros as zerosOf } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { LayerError } from '../errors.ts'
import { statelessLayer } from '../layer.ts'
import type { Layer } from '../layer.ts'

/** A factor and an offset for every feature; `null` where the layer does without. */
export type ScaleAndBias = { readonly scale: Tensor | null; readonly bias: Tensor | null }

export interface NormOptions {
  /** Added to the variance, default 1e-5. */
  readonly epsilon?: number
  /** Default true. */
  readonly useScale?: boolean
  /** Default true. */
  readonly useBias?: boolean
}

/** Ones and zeros of a shape, as far as the layer has them. */
export const initScaleAndBias = (shape: readonly number[], { useScale = true, useBias = true }: NormOptions): ScaleAndBias => ({
  scale: useScale ? onesOf(shape) : null,
  bias: useBias ? zerosOf(shape) : null,
})

/** x·scale + bias with both brought to a shape that broadcasts. */
export const scaledAndShifted = (x: Tensor, { scale, bias }: ScaleAndBias, shape: readonly number[]): Tensor => {
  const scaled = scale === null ? x : mul(x, reshape(scale, shape))
  return bias === null ? scaled : add(scaled, reshape(bias, shape))
}

/** Brings mean and variance along axes to 0 and 1. */
export const standardized = (x: Tensor, axes: readonly number[], epsilon: number): Tensor => {
  const centered = sub(x, mean(x, { axes, keepDims: true }))
  return mul(centered, rsqrt(add(mean(square(centered), { axes, keepDims: true }), epsilon)))
}

const lastAxes = (op: string, x: Tensor, shape: readonly number[]): number[] => {
  const start = x.shape.length - shape.length
  if (start < 1 || shape.some((length, axis) => x.shape[start + axis] !== length))
    throw new ShapeError(op, [x], `expected x of shape [batch, …, ${shape.join(', ')}]`)
  return shape.map((_, axis) => start + axis)
}

const asShape = (features: number | readonly number[]): readonly number[] => (typeof features === 'number' ? [features] : features)

/**
 * Brings mean and variance of each example's last axes to 0 and 1, then scales and shifts.
 *
 * @param options.features lengths of the last axes
 * @returns a layer with parameters `scale` and `bias` of those lengths
 * @example
 * import { key, tensor, toArray } from '@grad-ts/tensor'
 * import { layerNorm } from '@grad-ts/nn'
 * const layer = layerNorm({ features: 2, epsilon: 0 })
 * toArray(layer.apply(layer.init(key(0)), tensor([[1, 3]]))) // => [[-1, 1]]
 * @see Ba, Kiros and Hinton, Layer normalization, 2016, arXiv:1607.06450
 */
export const layerNorm = (options: NormOptions & { readonly features: number | readonly number[] }): Layer<ScaleAndBias, null> => {
  const shape = asShape(options.features)
  return statelessLayer<ScaleAndBias>({
    name: 'layerNorm',
    init: () => initScaleAndBias(shape, options),
    apply: (params, x) => scaledAndShifted(standardized(x, lastAxes('layerNorm', x, shape), options.epsilon ?? 1e-5), params, shape),
  })
}

/**
 * Divides by the root of the mean square of the last axes, then scales (Zhang and Sennrich, 2019, arXiv:1910.07467; default epsilon 1e-6).
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { rmsNorm } from '@grad-ts/nn'
 * const layer = rmsNorm({ features: 8 })
 * layer.apply(layer.init(key(0)), ones([4, 8])).shape // => [4, 8]
 */
export const rmsNorm = (options: {
  readonly features: number | readonly number[]
  readonly epsilon?: number
  readonly useScale?: boolean
}): Layer<ScaleAndBias, null> => {
  const shape = asShape(options.features)
  return statelessLayer<ScaleAndBias>({
    name: 'rmsNorm',
    init: () => initScaleAndBias(shape, { ...options, useBias: false }),
    apply: (params, x) => {
      const meanSquare = mean(square(x), { axes: lastAxes('rmsNorm', x, shape), keepDims: true })
      return scaledAndShifted(mul(x, rsqrt(add(meanSquare, options.epsilon ?? 1e-6))), params, shape)
    },
  })
}

const alongChannels = (x: Tensor): number[] => x.shape.map((length, axis) => (axis === 1 ? length : 1))

/**
 * Brings mean and variance of groups of an image's channels to 0 and 1, then scales and shifts each channel.
 *
 * @param options.channels length of axis 1
 * @param options.groups divides the channels
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { groupNorm } from '@grad-ts/nn'
 * const layer = groupNorm({ channels: 8, groups: 2 })
 * layer.apply(layer.init(key(0)), ones([4, 8, 7, 7])).shape // => [4, 8, 7, 7]
 * @see Wu and He, Group normalization, 2018, arXiv:1803.08494
 */
export const groupNorm = (options: NormOptions & { readonly channels: number; readonly groups: number }): Layer<ScaleAndBias, null> => {
  const { channels, groups, epsilon = 1e-5 } = options
  if (channels % groups !== 0) throw new LayerError('groupNorm', `expected groups to divide the ${channels} channels, got ${groups}`)
  return statelessLayer<ScaleAndBias>({
    name: 'groupNorm',
    init: () => initScaleAndBias([channels], options),
    apply: (params, x) => {
      const [batch, found] = x.shape
      if (found !== channels || batch === undefined) throw new ShapeError('groupNorm', [x], `expected x of shape [batch, ${channels}, …]`)
      const grouped = standardized(reshape(x, [batch, groups, -1]), [2], epsilon)
      return scaledAndShifted(reshape(grouped, x.shape), params, alongChannels(x))
    },
  })
}

/**
 * Brings mean and variance of each channel of each image to 0 and 1 (Ulyanov et al., 2016, arXiv:1607.08022).
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { instanceNorm } from '@grad-ts/nn'
 * const layer = instanceNorm({ channels: 8 })
 * layer.apply(layer.init(key(0)), ones([4, 8, 7, 7])).shape // => [4, 8, 7, 7]
 */
export const instanceNorm = (options: NormOptions & { readonly channels: number }): Layer<ScaleAndBias, null> => ({
  ...groupNorm({ ...options, groups: options.channels }),
  name: 'instanceNorm',
})
