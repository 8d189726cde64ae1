import { add, asTensor, cast, greater, isNaN, less, neg, sum, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { define } from '../define.ts'
import { callback } from '../fields.ts'
import { subTrees } from '../numerics/trees.ts'
import { applyUpdates } from '../apply-updates.ts'
import { paramsOf, stateless } from './stateless.ts'

/** For each leaf whether the last updates had NaN: bool `[]`. */
export type ZeroNansState = { readonly foundNan: Tree<Tensor> }

/**
 * Replaces NaN by 0; infinities pass.
 *
 * @example
 * import { zeroNans } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = zeroNans()
 * toArray(rule.update(tensor([NaN, 2]), rule.init(tensor([0, 0])))[0] as Tensor) // => [0, 2]
 */
export const zeroNans = define<object, ZeroNansState>('zeroNans', {}, () => ({
  init: (params) => ({ foundNan: map(() => asTensor(false), params) }),
  update: (updates) => [
    map((update: Tensor) => where(isNaN(update), 0, update), updates),
    { foundNan: map((update: Tensor) => greater(sum(cast(isNaN(update), 'float32')), 0), updates) },
  ],
}))

/**
 * Keeps parameters from becoming negative: an update that would cross 0 stops there. Must be the last part of a chain.
 *
 * @throws {ContextError} when the context has no params
 * @example
 * import { keepParamsNonnegative } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const params = tensor([1, 1])
 * toArray(keepParamsNonnegative().update(tensor([-2, 2]), null, { params })[0] as Tensor) // => [-1, 2]
 */
export const keepParamsNonnegative = define<object, null>('keepParamsNonnegative', {}, () =>
  stateless((updates, _, context) =>
    map(
      (param: Tensor, update: Tensor) => where(less(add(param, update), 0), neg(param), update),
      paramsOf('keepParamsNonnegative', context),
      updates,
    ),
  ),
)

/** Options of projecting parameters. */
export interface ProjectParamsOptions {
  /** Gives the nearest allowed tree, such as `(tree) => projectL2Ball(tree, 3)`. */
  readonly projection: (params: Tree<Tensor>) => Tree<Tensor>
}

export const projectParamsOf = define<ProjectParamsOptions, null>(
  'projectParams',
  { projection: callback('a function from parameters to parameters') },
  (options) => {
    const { projection } = options as unknown as ProjectParamsOptions
    return stateless((updates, _, context) => {
      const params = paramsOf('projectParams', context)
      return subTrees(projection(applyUpdates(params, updates)), params)
    })
  },
)

/**
 * Changes the updates so that the parameters after the step lie in a set. Must be the last part of a chain.
 *
 * @param projection gives the nearest allowed tree
 * @throws {ContextError} when the context has no params
 * @example
 * import { projectL2Ball, projectParams } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const rule = projectParams((tree) => projectL2Ball(tree, 5))
 * toArray(rule.update(tensor([3, 4]), null, { params: tensor([3, 4]) })[0] as Tensor) // => [0, 0]
 */
export const projectParams = (projection: (params: Tree<Tensor>) => Tree<Tensor>) => projectParamsOf({ projection })
