import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { nonNegative } from '../fields.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import { scaleByAmsgrad, amsgradFields } from '../transforms/scale-by-amsgrad.ts'
import type { ScaleByAmsgradOptions } from '../transforms/scale-by-amsgrad.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of Amsgrad. */
export interface AmsgradOptions extends ScaleByAmsgradOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
}

/**
 * AMSGrad: Adam that divides by the largest average of squares so far.
 *
 * x ← max(x, v̂); u = −learningRate·m̂/(√x + eps)
 *
 * @example
 * import { applyUpdates, amsgrad } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = amsgrad({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.9, -2.1]
 * @see Reddi et al., On the Convergence of Adam and Beyond, 2018, arXiv:1904.09237
 */
export const amsgrad = define<AmsgradOptions, readonly Tree<Tensor>[]>(
  'amsgrad',
  { learningRate: nonNegative(), ...amsgradFields },
  ({ learningRate, ...rule }) => chain(scaleByAmsgrad(rule), scaleByLearningRate(learningRate)),
  { keras: { eps: 1e-7 } },
)
