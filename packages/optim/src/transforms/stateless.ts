import { mul, zerosLike } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, define } from '../define.ts'
import { ContextError } from '../errors.ts'
import { anyNumber } from '../fields.ts'
import type { GradientTransformation, Hyperparameter, Scalar, UpdateContext } from '../transformation.ts'

/**
 * Makes a transformation without state from a function of the updates and the parameters.
 *
 * @example
 * import { stateless } from '@grad-ts/optim'
 * import { neg, tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * import { map } from '@grad-ts/tree'
 * const flip = stateless((updates) => map((u: Tensor) => neg(u), updates))
 * toArray(flip.update(tensor([1, -2]), null)[0] as Tensor) // => [-1, 2]
 */
export const stateless = (
  fn: (updates: Tree<Tensor>, params: Tree<Tensor> | undefined, context: UpdateContext) => Tree<Tensor>,
): GradientTransformation<null> => ({
  init: () => null,
  update: (updates, _, context = {}) => [fn(updates, context.params, context), null],
})

/** Makes a transformation without state from a function of each leaf of the updates. */
export const statelessLeafwise = (fn: (update: Tensor) => Tensor): GradientTransformation<null> =>
  stateless((updates) => map((update: Tensor) => fn(update), updates))

/** Gives the parameters that a rule needs, or says who needs them. */
export const paramsOf = (name: string, context: UpdateContext | undefined): Tree<Tensor> => {
  if (context?.params === undefined)
    throw new ContextError(
      name,
      'expected context.params, the parameters before the step, got none; pass { params } as the third argument of update',
    )
  return context.params
}

/** Gives the loss value that a rule needs, or says who needs it. */
export const valueOf = (name: string, context: UpdateContext | undefined): Tensor => {
  if (context?.value === undefined)
    throw new ContextError(
      name,
      'expected context.value, the loss as a scalar tensor, got none; pass { value } as the third argument of update',
    )
  return context.value
}

export const identityOf = define<object, null>('identity', {}, () => stateless((updates) => updates))

/** Passes the updates on. */
export const identity = (): GradientTransformation<null> => identityOf()

export const setToZeroOf = define<object, null>('setToZero', {}, () => statelessLeafwise(zerosLike))

/** Replaces every update by zeros: freezes the parameters. */
export const setToZero = (): GradientTransformation<null> => setToZeroOf()

export const scaleBy = (updates: Tree<Tensor>, factor: Scalar): Tree<Tensor> =>
  map((update: Tensor) => mul(update, at(factor, update)), updates)

export const scaleOf = define<{ readonly factor: Hyperparameter }, null>('scale', { factor: anyNumber() }, ({ factor }) =>
  stateless((updates) => scaleBy(updates, factor)),
)

/**
 * Multiplies the updates by a factor.
 *
 * @param factor any number, or a scalar tensor
 * @example
 * import { scale } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * toArray(scale(-0.5).update(tensor([4]), null)[0] as Tensor) // => [-2]
 */
export const scale = (factor: Scalar): GradientTransformation<null> => scaleOf({ factor })
