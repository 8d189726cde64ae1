import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { define } from '../define.ts'
import { transformation } from '../fields.ts'
import { flattenTree, unflattenTree } from '../numerics/flat.ts'
import type { GradientTransformation } from '../transformation.ts'

export const flattenOf = define<{ readonly inner: GradientTransformation }, Tree<Tensor>>(
  'flatten',
  { inner: transformation() },
  ({ inner }) => ({
    init: (params) => inner.init(flattenTree(params)),
    update: (updates, state, context = {}) => {
      const params = context.params === undefined ? {} : { params: flattenTree(context.params) }
      const [next, after] = inner.update(flattenTree(updates), state, { ...context, ...params })
      return [unflattenTree(updates, next as Tensor), after]
    },
  }),
)

/**
 * Hands all leaves to a transformation as one vector: few large kernels instead of many small ones.
 * A rule that looks at whole leaves (trust ratio, block norms) then sees one leaf.
 *
 * @example
 * import { clipByBlockRms, flatten } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const rule = flatten(clipByBlockRms(1))
 * const params = { w: tensor([3]), b: tensor([4]) }
 * toArray((rule.update(params, rule.init(params))[0] as typeof params).w) // => [0.8485]
 */
export const flatten = <State extends Tree<Tensor>>(inner: GradientTransformation<State>): GradientTransformation<State> =>
  flattenOf({ inner }) as unknown as GradientTransformation<State>
