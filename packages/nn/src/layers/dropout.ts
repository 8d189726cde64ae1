import { add, bernoulli, cast, dropout as drop, mul, normal } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { MissingKeyError } from '../errors.ts'
import { statelessLayer } from '../layer.ts'
import type { Context, Layer } from '../layer.ts'
import { checkRate } from './checks.ts'

/** The key of a context, or nothing when the model is not being trained. */
export const trainingKey = (layer: string, { training = false, key }: Context): Tensor | undefined => {
  if (!training) return undefined
  if (key === undefined) throw new MissingKeyError(layer)
  return key
}

const noiseLayer = (name: string, strength: number, change: (key: Tensor, x: Tensor) => Tensor): Layer<null, null> =>
  statelessLayer<null>({
    name,
    init: () => null,
    apply: (_, x, context) => {
      const key = strength === 0 ? undefined : trainingKey(name, context)
      return key === undefined ? x : change(key, x)
    },
  })

const dropping = (name: string, rate: number, change: (key: Tensor, x: Tensor) => Tensor): Layer<null, null> => {
  checkRate(name, 'rate', rate)
  return noiseLayer(name, rate, change)
}

/**
 * Sets elements to 0 with probability `rate` while training, and scales the others up so that the mean stays.
 *
 * @throws {MissingKeyError} when training without a key
 * @example
 * import { ones, toArray } from '@grad-ts/tensor'
 * import { dropout } from '@grad-ts/nn'
 * toArray(dropout({ rate: 0.5 }).apply(null, ones([2]))) // => [1, 1]
 * @see Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, 2014
 */
export const dropout = ({ rate }: { readonly rate: number }): Layer<null, null> => dropping('dropout', rate, (key, x) => drop(key, x, rate))

/**
 * Drops whole channels of `[batch, channels, …]` while training (Tompson et al., 2014, arXiv:1411.4280).
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { spatialDropout } from '@grad-ts/nn'
 * spatialDropout({ rate: 0.5 }).apply(null, ones([4, 8, 7, 7]), { training: true, key: key(0) }).shape // => [4, 8, 7, 7]
 */
export const spatialDropout = ({ rate }: { readonly rate: number }): Layer<null, null> =>
  dropping('spatialDropout', rate, (key, x) => {
    const kept = bernoulli(
      key,
      1 - rate,
      x.shape.map((length, axis) => (axis < 2 ? length : 1)),
    )
    return mul(x, mul(cast(kept, x.dtype), 1 / (1 - rate)))
  })

/**
 * Adds normal noise while training.
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { gaussianNoise } from '@grad-ts/nn'
 * gaussianNoise({ stddev: 0.1 }).apply(null, ones([4, 8]), { training: true, key: key(0) }).shape // => [4, 8]
 */
export const gaussianNoise = ({ stddev }: { readonly stddev: number }): Layer<null, null> =>
  noiseLayer('gaussianNoise', stddev, (key, x) => add(x, cast(normal(key, x.shape, { stddev }), x.dtype)))

/**
 * Multiplies by normal noise of mean 1 and the variance that dropout of this rate would have, while training.
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { gaussianDropout } from '@grad-ts/nn'
 * gaussianDropout({ rate: 0.5 }).apply(null, ones([4, 8]), { training: true, key: key(0) }).shape // => [4, 8]
 */
export const gaussianDropout = ({ rate }: { readonly rate: number }): Layer<null, null> =>
  dropping('gaussianDropout', rate, (key, x) =>
    mul(x, cast(normal(key, x.shape, { mean: 1, stddev: Math.sqrt(rate / (1 - rate)) }), x.dtype)),
  )
