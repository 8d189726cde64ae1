import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { mask as maskField, nonNegative } from '../fields.ts'
import type { Mask } from '../masks.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { dowgFields, scaleByDowg } from '../adaptive/dog.ts'
import type { ScaleByDowgOptions } from '../adaptive/dog.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { identity } from '../transforms/stateless.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of Dowg. */
export interface DowgOptions extends ScaleByDowgOptions {
  /** Factor of the step, ≥ 0; default 1. */
  readonly learningRate?: Hyperparameter
  /** Multiple of the parameters that joins the gradient, ≥ 0; default none. */
  readonly weightDecay?: Hyperparameter | null
  /** Which leaves decay; default all. */
  readonly mask?: Mask | null
}

/**
 * DoWG: DoG with gradients weighted by the distance.
 *
 * see `scaleByDowg`
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, dowg } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = dowg()
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.99121, -2.0044]
 * @see Khaled et al., DoWG Unleashed: An Efficient Universal Parameter-Free Gradient Descent Method, 2023, arXiv:2305.16284
 */
export const dowg = define<DowgOptions, readonly Tree<Tensor>[]>(
  'dowg',
  { learningRate: nonNegative(1), ...dowgFields, weightDecay: nonNegative(null), mask: maskField(null) },
  ({ learningRate, weightDecay, mask, ...rule }) =>
    chain(
      weightDecay === null ? identity() : addDecayedWeights(weightDecay, { mask: mask as Mask | null }),
      scaleByDowg(rule as ScaleByDowgOptions),
      scaleByLearningRate(learningRate),
    ),
)
