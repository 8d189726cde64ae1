import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { mask as maskField, nonNegative } from '../fields.ts'
import type { Mask } from '../masks.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { scaleByAdan } from '../transforms/scale-by-adan.ts'
import type { ScaleByAdanOptions } from '../transforms/scale-by-adan.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import type { Hyperparameter } from '../transformation.ts'
import { decayRate } from '../fields.ts'
/** Options of Adan; here epsRoot is 1e-8. */
export interface AdanOptions extends ScaleByAdanOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
  /** Multiple of the parameters that joins the update, ≥ 0; default 0. */
  readonly weightDecay?: Hyperparameter
  /** Which leaves decay; default all. */
  readonly mask?: Mask | null
}

/**
 * Adan: momentum of the gradient and of its change, over the root of averaged squares.
 *
 * see `scaleByAdan`
 *
 * @example
 * import { applyUpdates, adan } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = adan({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.9, -2.1]
 * @see Xie et al., Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models, 2022, arXiv:2208.06677
 */
export const adan = define<AdanOptions, readonly Tree<Tensor>[]>(
  'adan',
  {
    learningRate: nonNegative(),
    b1: decayRate(0.98),
    b2: decayRate(0.92),
    b3: decayRate(0.99),
    eps: nonNegative(1e-8),
    epsRoot: nonNegative(1e-8),
    weightDecay: nonNegative(0),
    mask: maskField(null),
  },
  ({ learningRate, weightDecay, mask, ...rule }) =>
    chain(scaleByAdan(rule), addDecayedWeights(weightDecay, { mask: mask as Mask | null }), scaleByLearningRate(learningRate)),
)
