import { cast, greater, or, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { define } from '../define.ts'
import { transformation, wholeNumber } from '../fields.ts'
import { counter, increment } from '../numerics/count.ts'
import { allFinite } from '../numerics/finite.ts'
import { select, zerosLikeTree } from '../numerics/trees.ts'
import type { GradientTransformation } from '../transformation.ts'

/** Bad steps in a row and in all, whether the last step was finite (1 or 0), and the inner state. */
export type ApplyIfFiniteState<Inner extends Tree<Tensor>> = {
  readonly consecutive: Tensor
  readonly lastFinite: Tensor
  readonly total: Tensor
  readonly inner: Inner
}

interface ApplyIfFiniteOptions {
  readonly inner: GradientTransformation
  readonly maxConsecutiveErrors: number
}

export const applyIfFiniteOf = define<ApplyIfFiniteOptions, ApplyIfFiniteState<Tree<Tensor>>>(
  'applyIfFinite',
  { inner: transformation(), maxConsecutiveErrors: wholeNumber(0) },
  ({ inner, maxConsecutiveErrors }) => ({
    init: (params) => ({ consecutive: counter(), lastFinite: counter(1), total: counter(), inner: inner.init(params) }),
    update: (updates, state, context) => {
      const finite = allFinite(updates)
      const consecutive = where(finite, 0, increment(state.consecutive))
      const apply = or(finite, greater(consecutive, maxConsecutiveErrors))
      const [next, after] = inner.update(updates, state.inner, context)
      return [
        select(apply, next, zerosLikeTree(next)),
        {
          consecutive,
          lastFinite: cast(finite, 'int32'),
          total: where(finite, state.total, increment(state.total)),
          inner: select(apply, after, state.inner),
        },
      ]
    },
  }),
)

/**
 * Skips steps with NaN or infinities, but lets them through after more than a number in a row, as optax does.
 * Prefer `guardNonFinite`, which never applies them.
 *
 * @param inner its state is kept in a skipped step
 * @param maxConsecutiveErrors whole number ≥ 0
 * @example
 * import { applyIfFinite, sgd } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const solver = applyIfFinite(sgd({ learningRate: 0.5 }), 3)
 * toArray(solver.update(tensor([NaN, 1]), solver.init(tensor([0, 0])))[0] as Tensor) // => [0, 0]
 */
export const applyIfFinite = <State extends Tree<Tensor>>(
  inner: GradientTransformation<State>,
  maxConsecutiveErrors: number,
): GradientTransformation<ApplyIfFiniteState<State>> =>
  applyIfFiniteOf({ inner, maxConsecutiveErrors }) as unknown as GradientTransformation<ApplyIfFiniteState<State>>
