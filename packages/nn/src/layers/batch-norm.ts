import {
  add,
  cast,
  div,
  equal,
  maximum,
  mean,
  mul,
  ones,
  reshape,
  rsqrt,
  ShapeError,
  square,
  stopGradient,
  sub,
  sum,
  where,
  zeros,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { statefulLayer } from '../layer.ts'
import type { Layer } from '../layer.ts'
import { initScaleAndBias, scaledAndShifted } from './normalization.ts'
import type { NormOptions, ScaleAndBias } from './normalization.ts'

/** Mean and variance of every feature, averaged over the batches of training. */
export type RunningStatistics = { readonly mean: Tensor; readonly variance: Tensor }

export interface BatchNormOptions extends NormOptions {
  readonly features: number
  /** Where the features are, default 1 (channels of images, features of rows). Use −1 for sequences `[batch, time, features]`. */
  readonly axis?: number
  /** The share of the running statistics that a training step keeps, default 0.9. */
  readonly momentum?: number
}

/** Mean and variance over all axes but one, with rows of weight 0 left out. */
const statisticsOf = (x: Tensor, axis: number, weights: Tensor | undefined): RunningStatistics => {
  const axes = [...x.shape.keys()].filter((position) => position !== axis)
  if (weights === undefined) {
    const center = mean(x, { axes, keepDims: true })
    return { mean: center, variance: mean(square(sub(x, center)), { axes, keepDims: true }) }
  }
  const weight = reshape(cast(weights, x.dtype), [-1, ...x.shape.slice(1).map(() => 1)])
  const perRow = x.shape.slice(1).reduce((size, length, i) => (i + 1 === axis ? size : size * length), 1)
  const count = maximum(mul(sum(weight), perRow), 1e-12)
  const average = (values: Tensor): Tensor => div(sum(where(equal(weight, 0), 0, mul(values, weight)), { axes, keepDims: true }), count)
  const center = average(x)
  return { mean: center, variance: average(square(sub(x, center))) }
}

/**
 * Brings mean and variance of every feature over the batch to 0 and 1, then scales and shifts. While training, the batch's statistics are
 * used and running ones are handed on as state; otherwise the running ones are used.
 *
 * @returns a layer with parameters `scale` and `bias` `[features]` and the state `mean` and `variance` `[features]`
 * @example
 * import { key, tensor, toArray } from '@grad-ts/tensor'
 * import { batchNorm } from '@grad-ts/nn'
 * const layer = batchNorm({ features: 1, epsilon: 0, momentum: 0 })
 * const [y, state] = layer.applyWithState(layer.init(key(0)), layer.initState(), tensor([[1], [3]]), { training: true })
 * toArray(y) // => [[-1], [1]]
 * toArray(state.mean) // => [2]
 * @see Ioffe and Szegedy, Batch normalization, 2015, arXiv:1502.03167. The running variance is that of the batch, as in Keras; PyTorch
 *   multiplies it by n / (n − 1).
 */
export const batchNorm = (options: BatchNormOptions): Layer<ScaleAndBias, RunningStatistics> => {
  const { features, momentum = 0.9, epsilon = 1e-5 } = options
  const blended = (running: Tensor, batch: Tensor): Tensor =>
    add(mul(running, momentum), mul(reshape(stopGradient(batch), [features]), 1 - momentum))
  return statefulLayer<ScaleAndBias, RunningStatistics>({
    name: 'batchNorm',
    init: () => initScaleAndBias([features], options),
    initState: () => ({ mean: zeros([features]), variance: ones([features]) }),
    applyWithState: (params, state, x, { training = false, weights }) => {
      const axis = (options.axis ?? 1) < 0 ? x.shape.length + (options.axis as number) : (options.axis ?? 1)
      if (x.shape[axis] !== features) throw new ShapeError('batchNorm', [x], `expected ${features} features along axis ${axis}`)
      const shape = x.shape.map((length, position) => (position === axis ? length : 1))
      const batch = training
        ? statisticsOf(x, axis, weights)
        : { mean: reshape(state.mean, shape), variance: reshape(state.variance, shape) }
      const normalized = mul(sub(x, batch.mean), rsqrt(add(batch.variance, epsilon)))
      const next = training ? { mean: blended(state.mean, batch.mean), variance: blended(state.variance, batch.variance) } : state
      return [scaledAndShifted(normalized, params, shape), next]
    },
  })
}
