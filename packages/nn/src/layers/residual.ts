import { add, ShapeError, splitKey } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { statefulLayer } from '../layer.ts'
import type { Layer } from '../layer.ts'

type Two<A, B> = { readonly inner: A; readonly shortcut: B }

const sameShape = (a: Tensor, b: Tensor): boolean =>
  a.shape.length === b.shape.length && a.shape.every((length, axis) => length === b.shape[axis])

/**
 * Adds a layer's output to its input: x + inner(x), or shortcut(x) + inner(x) where the shapes differ.
 *
 * @param inner its parameters are under `inner`
 * @param shortcut brings x to the shape of the output, such as a convolution of kernel 1; its parameters are under `shortcut`
 * @example
 * import { key, ones, toArray } from '@grad-ts/tensor'
 * import { lambda, relu, residual } from '@grad-ts/nn'
 * toArray(residual(lambda(relu)).apply({ inner: null, shortcut: null }, ones([2]))) // => [2, 2]
 * @see He et al., Deep residual learning for image recognition, 2015, arXiv:1512.03385
 */
export const residual = <P extends Tree<Tensor>, S extends Tree<Tensor>, Q extends Tree<Tensor> = null, R extends Tree<Tensor> = null>(
  inner: Layer<P, S>,
  shortcut?: Layer<Q, R>,
): Layer<Two<P, Q> & Tree<Tensor>, Two<S, R> & Tree<Tensor>> =>
  statefulLayer<Two<P, Q> & Tree<Tensor>, Two<S, R> & Tree<Tensor>>({
    name: 'residual',
    init: (key) => {
      const [innerKey, shortcutKey] = splitKey(key)
      return { inner: inner.init(innerKey), shortcut: shortcut === undefined ? null : shortcut.init(shortcutKey) } as Two<P, Q> &
        Tree<Tensor>
    },
    initState: () =>
      ({ inner: inner.initState(), shortcut: shortcut === undefined ? null : shortcut.initState() }) as Two<S, R> & Tree<Tensor>,
    applyWithState: (params, state, x, context) => {
      const [y, nextInner] = inner.applyWithState(params.inner, state.inner, x, context)
      const [straight, nextShortcut] =
        shortcut === undefined ? [x, null] : shortcut.applyWithState(params.shortcut, state.shortcut, x, context)
      if (!sameShape(y, straight))
        throw new ShapeError('residual', [straight, y], 'expected the inner layer to keep the shape; give a shortcut that brings x to it')
      return [add(straight, y), { inner: nextInner, shortcut: nextShortcut } as Two<S, R> & Tree<Tensor>]
    },
  })
