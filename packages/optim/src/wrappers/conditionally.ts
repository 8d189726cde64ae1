import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { define } from '../define.ts'
import { callback, transformation } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { select, zerosLikeTree } from '../numerics/trees.ts'
import type { GradientTransformation, UpdateContext } from '../transformation.ts'

/** Calls made and the inner state. */
export type ConditionalState<Inner extends Tree<Tensor> = Tree<Tensor>> = { readonly step: Tensor; readonly inner: Inner }

/** Decides from the number of calls made (int32 `[]`) and the context; gives a bool `[]`. */
export type Condition = (step: Tensor, context: UpdateContext) => Tensor

interface ConditionalOptions {
  readonly inner: GradientTransformation
  readonly condition: Condition
}

const conditional = (name: string, otherwise: (updates: Tree<Tensor>) => Tree<Tensor>) =>
  define<ConditionalOptions, ConditionalState>(
    name,
    { inner: transformation(), condition: callback('a function of step and context') },
    (options) => {
      const { inner, condition } = options as unknown as ConditionalOptions
      return {
        init: (params) => ({ step: counter(), inner: inner.init(params) }),
        update: (updates, state, context = {}) => {
          const run = condition(state.step, context)
          const [next, after] = inner.update(updates, state.inner, context)
          return [select(run, next, otherwise(updates)), { step: increment(state.step), inner: select(run, after, state.inner) }]
        },
      }
    },
  )

export const conditionallyTransformOf = conditional('conditionallyTransform', (updates) => updates)
export const conditionallyMaskOf = conditional('conditionallyMask', zerosLikeTree)

/**
 * Runs a transformation while a condition holds; otherwise the updates pass unchanged and its state stays.
 *
 * @param condition function of the number of calls made (int32 `[]`) and the context, gives a bool `[]`
 * @example
 * import { conditionallyTransform, scale } from '@grad-ts/optim'
 * import { less, tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = conditionallyTransform(scale(-1), (step) => less(step, 1))
 * const [, state] = rule.update(tensor([4]), rule.init(tensor([0])))
 * toArray(rule.update(tensor([4]), state)[0] as Tensor) // => [4]
 */
export const conditionallyTransform = <State extends Tree<Tensor>>(
  inner: GradientTransformation<State>,
  condition: Condition,
): GradientTransformation<ConditionalState<State>> =>
  conditionallyTransformOf({ inner, condition }) as unknown as GradientTransformation<ConditionalState<State>>

/**
 * Runs a transformation while a condition holds; otherwise the updates are zero and its state stays.
 *
 * @param condition function of the number of calls made (int32 `[]`) and the context, gives a bool `[]`
 * @example
 * import { conditionallyMask, scale } from '@grad-ts/optim'
 * import { less, tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = conditionallyMask(scale(-1), (step) => less(step, 1))
 * const [, state] = rule.update(tensor([4]), rule.init(tensor([0])))
 * toArray(rule.update(tensor([4]), state)[0] as Tensor) // => [0]
 */
export const conditionallyMask = <State extends Tree<Tensor>>(
  inner: GradientTransformation<State>,
  condition: Condition,
): GradientTransformation<ConditionalState<State>> =>
  conditionallyMaskOf({ inner, condition }) as unknown as GradientTransformation<ConditionalState<State>>
