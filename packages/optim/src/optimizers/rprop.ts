import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { chain } from '../combine/chain.ts'
import { define } from '../define.ts'
import { scale } from '../transforms/stateless.ts'
import { scaleByRprop, rpropFields } from '../transforms/scale-by-rprop.ts'
import type { ScaleByRpropOptions } from '../transforms/scale-by-rprop.ts'
/** Options of Rprop. */
export type RpropOptions = ScaleByRpropOptions

/**
 * Rprop: steps by the sign of the gradient with a step size per element.
 *
 * u = −size·sign(g); a size grows by etaPlus while the sign stays and shrinks by etaMinus when it changes
 *
 * @example
 * import { applyUpdates, rprop } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const solver = rprop({ learningRate: 0.1, dialect: 'torch' })
 * const params = tensor([1, -2])
 * const [updates] = solver.update(tensor([0.5, 0.25]), solver.init(params), { params })
 * toArray(applyUpdates(params, updates)) // => [0.9, -2.1]
 * @see Riedmiller and Braun, A direct adaptive method for faster backpropagation learning: the RPROP algorithm, 1993
 */
export const rprop = define<RpropOptions, readonly Tree<Tensor>[]>('rprop', rpropFields, (rule) => chain(scaleByRprop(rule), scale(-1)))
