import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { mask as maskField, nonNegative } from '../fields.ts'
import type { Mask } from '../masks.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { lionFields, scaleByLion } from '../transforms/scale-by-lion.ts'
import type { ScaleByLionOptions } from '../transforms/scale-by-lion.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of Lion. */
export interface LionOptions extends ScaleByLionOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
  /** Multiple of the parameters that joins the update, ≥ 0; default 1e-3. */
  readonly weightDecay?: Hyperparameter
  /** Which leaves decay; default all. */
  readonly mask?: Mask | null
}

/**
 * Lion: steps by the sign of an average of gradients.
 *
 * u = −learningRate·(sign(b1·m + (1 − b1)·g) + weightDecay·p); then m ← b2·m + (1 − b2)·g
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, lion } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = lion({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.8999, -2.0998]
 * @see Chen et al., Symbolic Discovery of Optimization Algorithms, 2023, arXiv:2302.06675
 */
export const lion = define<LionOptions, readonly Tree<Tensor>[]>(
  'lion',
  { learningRate: nonNegative(), ...lionFields, weightDecay: nonNegative(1e-3), mask: maskField(null) },
  ({ learningRate, weightDecay, mask, ...rule }) =>
    chain(scaleByLion(rule), addDecayedWeights(weightDecay, { mask: mask as Mask | null }), scaleByLearningRate(learningRate)),
)
