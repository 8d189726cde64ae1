import { div } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { globalNorm } from '../numerics/norms.ts'
import { stateless } from './stateless.ts'

/**
 * Divides the updates by their joint norm.
 *
 * @example
 * import { normalize } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * toArray(normalize().update(tensor([3, 4]), null)[0] as Tensor) // => [0.6, 0.8]
 */
export const normalize = define<object, null>('normalize', {}, () =>
  stateless((updates) => {
    const norm = globalNorm(updates)
    return map((update: Tensor) => div(update, at(norm, update)), updates)
  }),
)
