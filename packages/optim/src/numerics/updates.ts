import { add, equal, mod, mul } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at } from '../define.ts'
import type { Scalar } from '../transformation.ts'
import { oneMinus } from './scalars.ts'
import { select } from './trees.ts'

/**
 * Moves old parameters a part of the way to new ones: an exponential average of parameters.
 *
 * stepSize·new + (1 − stepSize)·old
 *
 * @param stepSize part of the way, in [0, 1]
 * @example
 * import { incrementalUpdate } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * toArray(incrementalUpdate(tensor([4]), tensor([0]), 0.25)) // => [1]
 */
export const incrementalUpdate = <Params extends Tree<Tensor>>(newParams: Params, oldParams: Params, stepSize: Scalar): Params =>
  map(
    (next: Tensor, old: Tensor) => add(mul(next, at(stepSize, next)), mul(old, at(oneMinus(stepSize), old))),
    newParams as Tree<Tensor>,
    oldParams,
  ) as Params

/**
 * Takes the new parameters every so many steps and keeps the old ones otherwise.
 *
 * @param steps the number of steps made, int32 `[]`
 * @param period whole number > 0, or int32 `[]`
 * @example
 * import { periodicUpdate } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * toArray(periodicUpdate(tensor([4]), tensor([0]), tensor(6, { dtype: 'int32' }), 3)) // => [4]
 */
export const periodicUpdate = <Params extends Tree<Tensor>>(
  newParams: Params,
  oldParams: Params,
  steps: Tensor,
  period: number | Tensor,
): Params => select(equal(mod(steps, period), 0), newParams, oldParams) as Params
