import { add, mul } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import type { Scheduled } from '../define.ts'
import { mask as maskField, nonNegative } from '../fields.ts'
import { resolveMask } from '../masks.ts'
import type { Mask } from '../masks.ts'
import type { GradientTransformation, Hyperparameter, Scalar } from '../transformation.ts'
import { paramsOf, stateless } from './stateless.ts'

export const addDecayedWeightsOf = define<{ readonly weightDecay?: Hyperparameter; readonly mask?: Mask | null }, null>(
  'addDecayedWeights',
  { weightDecay: nonNegative(0), mask: maskField(null) },
  ({ weightDecay, mask }) =>
    stateless((updates, _, context) => {
      if (weightDecay === 0) return updates
      const params = paramsOf('addDecayedWeights', context)
      const chosen = resolveMask(mask, params)
      return map(
        (update: Tensor, param: Tensor, use: boolean) => (use ? add(update, mul(param, at(weightDecay, param))) : update),
        updates,
        params,
        chosen as never,
      )
    }),
)

/**
 * Adds a multiple of the parameters to the updates. Before the adaptive step this is L2 regularisation, after it decoupled weight decay.
 *
 * u = g + weightDecay·p
 *
 * @param weightDecay number ≥ 0, scalar tensor or schedule
 * @param options.mask which leaves decay: a tree of booleans, a path pattern, or a predicate; default all
 * @throws {ContextError} when the context has no params
 * @example
 * import { addDecayedWeights } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const decay = addDecayedWeights(0.5, { mask: (_, leaf) => leaf.shape.length > 1 })
 * const params = { w: tensor([[2]]), b: tensor([2]) }
 * const [updates] = decay.update({ w: tensor([[1]]), b: tensor([1]) }, null, { params })
 * toArray((updates as typeof params).w) // => [[2]]
 * toArray((updates as typeof params).b) // => [1]
 * @see Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2017, arXiv:1711.05101
 */
export function addDecayedWeights(weightDecay: Scalar, options?: { readonly mask?: Mask | null }): GradientTransformation<null>
export function addDecayedWeights(
  weightDecay: Hyperparameter,
  options?: { readonly mask?: Mask | null },
): GradientTransformation<null | Scheduled<null>>
export function addDecayedWeights(
  weightDecay: Hyperparameter,
  options: { readonly mask?: Mask | null } = {},
): GradientTransformation<null | Scheduled<null>> {
  return addDecayedWeightsOf({ weightDecay, ...options })
}
