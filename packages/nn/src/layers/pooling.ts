import {
  adaptiveAvgPool,
  adaptiveMaxPool,
  avgPool,
  cast,
  div,
  expandDims,
  globalAvgPool,
  globalMaxPool,
  max,
  maximum,
  maxPool,
  mean,
  mul,
  resize,
  sum,
  where,
} from '@grad-ts/tensor'
import type { PerAxis, PoolOptions, ResizeOptions, Tensor } from '@grad-ts/tensor'
import { lambda, statelessLayer } from '../layer.ts'
import type { Layer } from '../layer.ts'

/** The length of the window (and of the step, unless `stride` says otherwise) along each spatial axis. */
export interface PoolingOptions extends PoolOptions {
  readonly kernel: PerAxis
}

/**
 * Takes the largest element of each window of `[batch, channels, …spatial]`.
 *
 * @example
 * import { ones } from '@grad-ts/tensor'
 * import { maxPooling } from '@grad-ts/nn'
 * maxPooling({ kernel: 2 }).apply(null, ones([1, 3, 28, 28])).shape // => [1, 3, 14, 14]
 */
export const maxPooling = ({ kernel, ...options }: PoolingOptions): Layer<null, null> =>
  lambda((x) => maxPool(x, kernel, options), 'maxPooling')

/**
 * Takes the mean of each window of `[batch, channels, …spatial]`.
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { averagePooling } from '@grad-ts/nn'
 * toArray(averagePooling({ kernel: 2 }).apply(null, tensor([[[1, 3, 5, 7]]]))) // => [[[2, 6]]]
 */
export const averagePooling = ({ kernel, ...options }: PoolingOptions & { readonly countPadding?: boolean }): Layer<null, null> =>
  lambda((x) => avgPool(x, kernel, options), 'averagePooling')

/**
 * Takes the mean over space: `[batch, channels, …] → [batch, channels]`.
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { globalAveragePooling } from '@grad-ts/nn'
 * toArray(globalAveragePooling().apply(null, tensor([[[1, 3, 5, 7]]]))) // => [[4]]
 */
export const globalAveragePooling = (): Layer<null, null> => lambda(globalAvgPool, 'globalAveragePooling')

/**
 * Takes the maximum over space: `[batch, channels, …] → [batch, channels]`.
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { globalMaxPooling } from '@grad-ts/nn'
 * toArray(globalMaxPooling().apply(null, tensor([[[1, 3, 5, 7]]]))) // => [[7]]
 */
export const globalMaxPooling = (): Layer<null, null> => lambda(globalMaxPool, 'globalMaxPooling')

/**
 * Takes means over windows chosen so that the result has the given spatial lengths.
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { adaptiveAveragePooling } from '@grad-ts/nn'
 * toArray(adaptiveAveragePooling(2).apply(null, tensor([[[1, 3, 5, 7]]]))) // => [[[2, 6]]]
 */
export const adaptiveAveragePooling = (sizes: PerAxis): Layer<null, null> =>
  lambda((x) => adaptiveAvgPool(x, sizes), 'adaptiveAveragePooling')

/**
 * Takes maxima over windows chosen so that the result has the given spatial lengths.
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { adaptiveMaxPooling } from '@grad-ts/nn'
 * toArray(adaptiveMaxPooling(2).apply(null, tensor([[[1, 3, 5, 7]]]))) // => [[[3, 7]]]
 */
export const adaptiveMaxPooling = (sizes: PerAxis): Layer<null, null> => lambda((x) => adaptiveMaxPool(x, sizes), 'adaptiveMaxPooling')

/**
 * Enlarges space by a whole factor, repeating elements or interpolating.
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { upsampling } from '@grad-ts/nn'
 * toArray(upsampling({ factor: 2 }).apply(null, tensor([[[1, 3]]]))) // => [[[1, 1, 3, 3]]]
 */
export const upsampling = ({ factor, ...options }: { readonly factor: number } & ResizeOptions): Layer<null, null> =>
  lambda(
    (x) =>
      resize(
        x,
        x.shape.slice(2).map((length) => length * factor),
        options,
      ),
    'upsampling',
  )

const meanOfReal = (x: Tensor, mask: Tensor): Tensor => {
  const real = expandDims(cast(mask, x.dtype), -1)
  return div(sum(mul(x, real), { axes: 1 }), maximum(sum(real, { axes: 1 }), 1))
}

/**
 * Takes the mean over time of the real steps: `[batch, time, size] → [batch, size]`; reads the mask of the context.
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { meanOverTime } from '@grad-ts/nn'
 * toArray(meanOverTime().apply(null, tensor([[[1], [3], [9]]]), { mask: tensor([[true, true, false]]) })) // => [[2]]
 */
export const meanOverTime = (): Layer<null, null> =>
  statelessLayer<null>({
    name: 'meanOverTime',
    init: () => null,
    apply: (_, x, { mask }) => (mask === undefined ? mean(x, { axes: 1 }) : meanOfReal(x, mask)),
  })

/**
 * Takes the maximum over time of the real steps: `[batch, time, size] → [batch, size]`; reads the mask of the context.
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { maxOverTime } from '@grad-ts/nn'
 * toArray(maxOverTime().apply(null, tensor([[[1], [3], [9]]]), { mask: tensor([[true, true, false]]) })) // => [[3]]
 */
export const maxOverTime = (): Layer<null, null> =>
  statelessLayer<null>({
    name: 'maxOverTime',
    init: () => null,
    apply: (_, x, { mask }) => max(mask === undefined ? x : where(expandDims(mask, -1), x, -Infinity), { axes: 1 }),
  })
