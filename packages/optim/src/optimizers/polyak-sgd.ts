import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { nonNegative } from '../fields.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { polyakFields, scaleByPolyak } from '../transforms/scale-by-polyak.ts'
import type { ScaleByPolyakOptions } from '../transforms/scale-by-polyak.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of gradient descent with Polyak's step. */
export interface PolyakSgdOptions extends ScaleByPolyakOptions {
  /** Factor of the step, ≥ 0; default 1. */
  readonly scaling?: Hyperparameter
}

/**
 * Gradient descent with Polyak's step, which needs the loss value.
 *
 * u = −scaling·g·min((value − fMin)/‖scaling·g‖², maxLearningRate)
 *
 * @example
 * import { applyUpdates, polyakSgd } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = polyakSgd()
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params, value: tensor(0.125) })
 * toArray(applyUpdates(params, updates)) // => [0.8, -2.1]
 * @see Loizou et al., Stochastic Polyak Step-size for SGD, 2020, arXiv:2002.10542
 */
export const polyakSgd = define<PolyakSgdOptions, readonly Tree<Tensor>[]>(
  'polyakSgd',
  { ...polyakFields, scaling: nonNegative(1) },
  ({ scaling, ...rule }) => chain(scaleByLearningRate(scaling), scaleByPolyak(rule)),
)
