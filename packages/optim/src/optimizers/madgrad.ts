import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { nonNegative } from '../fields.ts'
import { madgradFields, scaleByMadgrad } from '../adaptive/madgrad.ts'
import type { ScaleByMadgradOptions } from '../adaptive/madgrad.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of MADGRAD. */
export interface MadgradOptions extends ScaleByMadgradOptions {
  /** Multiple of the parameters that joins the gradient (L2), ≥ 0; default 0. */
  readonly weightDecay?: Hyperparameter
}

/**
 * MADGRAD: dual averaging with a cube root.
 *
 * see `scaleByMadgrad`
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, madgrad } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = madgrad({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.9829, -2.0136]
 * @see Defazio and Jelassi, Adaptivity without Compromise: A Momentumized, Adaptive, Dual Averaged Gradient Method, 2021, arXiv:2101.11075
 */
export const madgrad = define<MadgradOptions, readonly Tree<Tensor>[]>(
  'madgrad',
  { ...madgradFields, weightDecay: nonNegative(0) },
  ({ weightDecay, ...rule }) => chain(addDecayedWeights(weightDecay), scaleByMadgrad(rule)),
)
