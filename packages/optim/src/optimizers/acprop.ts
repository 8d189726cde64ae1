import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { mask as maskField, nonNegative } from '../fields.ts'
import type { Mask } from '../masks.ts'
import { addDecayedWeights } from '../transforms/add-decayed-weights.ts'
import { acpropFields, scaleByAcprop } from '../transforms/scale-by-acprop.ts'
import type { ScaleByAcpropOptions } from '../transforms/scale-by-acprop.ts'
import { scaleByLearningRate } from '../transforms/scale-by-schedule.ts'
import type { Hyperparameter } from '../transformation.ts'
/** Options of Acprop. */
export interface AcpropOptions extends ScaleByAcpropOptions {
  /** Step size ≥ 0. */
  readonly learningRate: Hyperparameter
  /** Multiple of the parameters that joins the update, ≥ 0; default 0. */
  readonly weightDecay?: Hyperparameter
  /** Which leaves decay; default all. */
  readonly mask?: Mask | null
}

/**
 * ACProp: divides each gradient by the averaged surprise of the steps before it.
 *
 * u = −learningRate·(g/(√ŝₜ₋₁ + eps) + weightDecay·p)
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { applyUpdates, acprop } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = acprop({ learningRate: 0.1 })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.95, -2.025]
 * @see Zhuang et al., Momentum Centering and Asynchronous Update for Adaptive Gradient Methods, 2021, arXiv:2110.05454
 */
export const acprop = define<AcpropOptions, readonly Tree<Tensor>[]>(
  'acprop',
  { learningRate: nonNegative(), ...acpropFields, weightDecay: nonNegative(0), mask: maskField(null) },
  ({ learningRate, weightDecay, mask, ...rule }) =>
    chain(
      scaleByAcprop(rule as ScaleByAcpropOptions),
      addDecayedWeights(weightDecay, { mask: mask as Mask | null }),
      scaleByLearningRate(learningRate),
    ),
)
