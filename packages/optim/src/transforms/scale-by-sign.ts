import { sign } from '@grad-ts/tensor'
import { define } from '../define.ts'
import { statelessLeafwise } from './stateless.ts'

/**
 * Replaces each element of the updates by its sign.
 *
 * @example
 * import { scaleBySign } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * toArray(scaleBySign().update(tensor([4, -0.5, 0]), null)[0] as Tensor) // => [1, -1, 0]
 * @see Bernstein et al., signSGD: Compressed Optimisation for Non-Convex Problems, 2018, arXiv:1802.04434
 */
export const scaleBySign = define<object, null>('scaleBySign', {}, () => statelessLeafwise(sign))
