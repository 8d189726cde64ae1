import { normal, truncatedNormal, uniform } from '@grad-ts/tensor'
import type { FloatDType, Shape, Tensor } from '@grad-ts/tensor'
import { fans } from './initializer.ts'
import type { Fans, Initializer } from './initializer.ts'

export type FanMode = 'fanIn' | 'fanOut' | 'fanAverage'
export type Distribution = 'uniform' | 'normal' | 'truncatedNormal'

const fanOf: Record<FanMode, (fans: Fans) => number> = {
  fanIn: ({ fanIn }) => fanIn,
  fanOut: ({ fanOut }) => fanOut,
  fanAverage: ({ fanIn, fanOut }) => (fanIn + fanOut) / 2,
}

// Cutting a normal distribution at two standard deviations leaves this share of its standard deviation.
const truncatedShare = 0.87962566103423978

type Draw = (key: Tensor, shape: Shape, variance: number, dtype: FloatDType) => Tensor

const draws: Record<Distribution, Draw> = {
  uniform: (key, shape, variance, dtype) => uniform(key, shape, { low: -Math.sqrt(3 * variance), high: Math.sqrt(3 * variance), dtype }),
  normal: (key, shape, variance, dtype) => normal(key, shape, { stddev: Math.sqrt(variance), dtype }),
  truncatedNormal: (key, shape, variance, dtype) => truncatedNormal(key, shape, { stddev: Math.sqrt(variance) / truncatedShare, dtype }),
}

/**
 * Draws with variance `scale / fan`, so that a layer neither amplifies nor damps what passes through it.
 *
 * @param options.scale default 1
 * @param options.mode which fan: inputs of an output, outputs of an input, or their average (default: fanIn)
 * @param options.distribution default: truncated normal
 * @example
 * import { key } from '@grad-ts/tensor'
 * import { varianceScaling } from '@grad-ts/nn'
 * varianceScaling({ scale: 2, mode: 'fanOut', distribution: 'normal' })(key(0), [4, 8]).shape // => [4, 8]
 */
export const varianceScaling =
  ({
    scale = 1,
    mode = 'fanIn',
    distribution = 'truncatedNormal',
  }: {
    readonly scale?: number
    readonly mode?: FanMode
    readonly distribution?: Distribution
  } = {}): Initializer =>
  (key, shape, layout = {}) =>
    draws[distribution](key, shape, scale / Math.max(1, fanOf[mode](fans(shape, layout))), layout.dtype ?? 'float32')

/**
 * Variance 2 / (fanIn + fanOut), uniform: the default of dense and convolution layers (Glorot and Bengio, 2010).
 *
 * @example
 * import { key } from '@grad-ts/tensor'
 * import { glorotUniform } from '@grad-ts/nn'
 * glorotUniform(key(0), [784, 256]).shape // => [784, 256]
 */
export const glorotUniform: Initializer = varianceScaling({ mode: 'fanAverage', distribution: 'uniform' })
/**
 * Variance 2 / (fanIn + fanOut), truncated normal (Glorot and Bengio, 2010).
 *
 * @example
 * import { key } from '@grad-ts/tensor'
 * import { glorotNormal } from '@grad-ts/nn'
 * glorotNormal(key(0), [784, 256]).shape // => [784, 256]
 */
export const glorotNormal: Initializer = varianceScaling({ mode: 'fanAverage' })
/**
 * Variance 2 / fanIn, uniform: made for ReLU (He et al., 2015, arXiv:1502.01852).
 *
 * @example
 * import { key } from '@grad-ts/tensor'
 * import { heUniform } from '@grad-ts/nn'
 * heUniform(key(0), [784, 256]).shape // => [784, 256]
 */
export const heUniform: Initializer = varianceScaling({ scale: 2, distribution: 'uniform' })
/**
 * Variance 2 / fanIn, truncated normal: made for ReLU (He et al., 2015, arXiv:1502.01852).
 *
 * @example
 * import { key } from '@grad-ts/tensor'
 * import { heNormal } from '@grad-ts/nn'
 * heNormal(key(0), [784, 256]).shape // => [784, 256]
 */
export const heNormal: Initializer = varianceScaling({ scale: 2 })
/**
 * Variance 1 / fanIn, uniform: made for SELU (LeCun et al., 1998).
 *
 * @example
 * import { key } from '@grad-ts/tensor'
 * import { lecunUniform } from '@grad-ts/nn'
 * lecunUniform(key(0), [784, 256]).shape // => [784, 256]
 */
export const lecunUniform: Initializer = varianceScaling({ distribution: 'uniform' })
/**
 * Variance 1 / fanIn, truncated normal: made for SELU (LeCun et al., 1998).
 *
 * @example
 * import { key } from '@grad-ts/tensor'
 * import { lecunNormal } from '@grad-ts/nn'
 * lecunNormal(key(0), [784, 256]).shape // => [784, 256]
 */
export const lecunNormal: Initializer = varianceScaling()
