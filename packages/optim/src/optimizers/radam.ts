import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { nonNegative } from '../fields.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { scaleByRadam, radamFields } from '../transforms/scale-by-radam.ts'
import type { ScaleByRadamOptions } from '../transforms/scale-by-radam.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of Radam. */
export interface RadamOptions extends ScaleByRadamOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
}

/**
 * RAdam: Adam that does not divide until enough steps are averaged.
 *
 * see `scaleByRadam` for the rectification r; u = −learningRate·r·m̂/(√v̂ + eps)
 *
 * @example
 * import { applyUpdates, radam } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = radam({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.95, -2.025]
 * @see Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, 2019, arXiv:1908.03265
 */
export const radam = define<RadamOptions, readonly Tree<Tensor>[]>(
  'radam',
  { learningRate: nonNegative(), ...radamFields },
  ({ learningRate, ...rule }) => chain(scaleByRadam(rule), scaleByLearningRate(learningRate)),
)
