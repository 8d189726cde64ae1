import { add, equal, mod, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { define } from '../define.ts'
import { wholeNumber } from '../fields.ts'
import { counter } from '../numerics/count.ts'
import { zerosLikeTree } from '../numerics/trees.ts'
import type { GradientTransformation } from '../transformation.ts'

/** Position in the round and the sum so far. */
export type ApplyEveryState = { readonly count: Tensor; readonly sum: Tree<Tensor> }

export const applyEveryOf = define<{ readonly k?: number }, ApplyEveryState>('applyEvery', { k: wholeNumber(1, 1) }, ({ k }) => ({
  init: (params) => ({ count: counter(), sum: zerosLikeTree(params) }),
  update: (updates, { count, sum }) => {
    const first = equal(count, 0)
    const next = map((update: Tensor, old: Tensor) => where(first, update, add(old, update)), updates, sum)
    const last = equal(count, k - 1)
    return [map((total: Tensor) => where(last, total, 0), next), { count: mod(add(count, 1), k), sum: next }]
  },
}))

/**
 * Sums k updates and lets the sum out with the last; the others are zero. It goes after the optimizer; `multiSteps` accumulates gradients.
 *
 * @param k whole number ≥ 1, default 1
 * @example
 * import { applyEvery } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = applyEvery(2)
 * const [, state] = rule.update(tensor([1]), rule.init(tensor([0])))
 * toArray(rule.update(tensor([2]), state)[0] as Tensor) // => [3]
 */
export const applyEvery = (k = 1): GradientTransformation<ApplyEveryState> => applyEveryOf({ k })
