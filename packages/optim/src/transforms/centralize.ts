import { mean, sub } from '@grad-ts/tensor'
import type { Axes, Tensor } from '@grad-ts/tensor'
import { define } from '../define.ts'
import { axes as axesField } from '../fields.ts'
import { statelessLeafwise } from './stateless.ts'

/** Options of gradient centralisation. */
export interface CentralizeOptions {
  /** Axes over which the mean is taken; default all but the first, which suits kernels stored [out, in, …]; for [in, out] take 0. */
  readonly axes?: Axes | null
}

/**
 * Subtracts the mean of each unit from the updates of leaves with two or more axes.
 *
 * @example
 * import { centralize } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * toArray(centralize({ axes: 0 }).update(tensor([[1, 2], [3, 4]]), null)[0] as Tensor) // => [[-1, -1], [1, 1]]
 * @see Yong et al., Gradient Centralization: A New Optimization Technique for Deep Neural Networks, 2020, arXiv:2004.01461
 */
export const centralize = define<CentralizeOptions, null>('centralize', { axes: axesField(null) }, ({ axes }) =>
  statelessLeafwise((update: Tensor) => {
    if (update.shape.length < 2) return update
    return sub(update, mean(update, { axes: axes ?? [...update.shape.keys()].slice(1), keepDims: true }))
  }),
)
