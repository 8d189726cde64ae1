import type { Monoid } from 'fp-ts/lib/Monoid.js'
import { chain } from './combine/chain.ts'
import { identity } from './transforms/stateless.ts'
import type { GradientTransformation } from './transformation.ts'

/**
 * Transformations under `chain`, with `identity()` as the empty element: a monoid on updates (the states of
 * `chain(chain(a, b), c)` and `chain(a, chain(b, c))` nest differently, the updates are the same).
 *
 * @example
 * import { chainMonoid } from '@grad-ts/optim/monoid'
 * import { clip, scale } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = chainMonoid.concat(clip(1), scale(-2))
 * toArray(rule.update(tensor([4]), rule.init(tensor([0])))[0] as Tensor) // => [-2]
 */
export const chainMonoid: Monoid<GradientTransformation> = {
  concat: (first, second) => chain(first, second) as GradientTransformation,
  empty: identity() as GradientTransformation,
}
