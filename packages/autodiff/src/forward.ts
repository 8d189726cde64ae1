import { leaves, unflatten } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { add, identity, mul, scalar, sum, zerosLike } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { grad, vjp } from './grad.ts'
import { pullBackAll } from './reverse.ts'

/**
 * Pushes a change of the parameters forward: Σ ∂output/∂param · tangent, the derivative of a function along a direction.
 *
 * The pull-back is linear in its cotangent, so that its own pull-back is the push-forward, whatever the cotangent.
 *
 * @param fn a function of one tree of float tensors
 * @param tangents a tree like the parameters
 * @returns `[outputs, output tangents]`
 * @example
 * import { jvp } from '@grad-ts/autodiff'
 * import { mul, tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const [y, change] = jvp((x: Tensor) => mul(x, x), tensor([1, 2]), tensor([1, 10]))
 * toArray(change) // => [2, 40]
 */
export const jvp = <Params extends Tree<Tensor>, Outputs extends Tree<Tensor>>(
  fn: (params: Params) => Outputs,
  params: Params,
  tangents: Params,
): readonly [Outputs, Outputs] => {
  const [outputs, pullBack] = vjp(fn, params)
  const flat = leaves<Tensor>(outputs)
  const cotangents = flat.map((output) => identity(zerosLike(output)))
  const pulled = pullBack(unflatten(outputs, cotangents) as Outputs)
  const pushed = pullBackAll(leaves<Tensor>(pulled), leaves<Tensor>(tangents), cotangents)
  return [outputs, unflatten(outputs, pushed) as Outputs]
}

/**
 * Turns a loss into the function that multiplies its Hessian (second derivatives) by a vector, without building the Hessian.
 *
 * @returns a function of the parameters, a tree like them, and the loss' further arguments, that gives a tree like the parameters
 * @example
 * import { hessianVectorProduct } from '@grad-ts/autodiff'
 * import { pow, sum, tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const product = hessianVectorProduct((x: Tensor) => sum(pow(x, 3)))
 * toArray(product(tensor([1, 2]), tensor([1, 1]))) // => [6, 12]
 * @see Pearlmutter, Fast exact multiplication by the Hessian, 1994
 */
export const hessianVectorProduct =
  <Params extends Tree<Tensor>, Rest extends readonly unknown[]>(loss: (params: Params, ...rest: Rest) => Tensor) =>
  (params: Params, vector: Params, ...rest: Rest): Params => {
    const along = (at: Params): Tensor => {
      const gradients = leaves<Tensor>(grad(loss)(at, ...rest))
      const terms = leaves<Tensor>(vector).map((direction, i) => sum(mul(gradients[i] as Tensor, direction)))
      return terms.reduce((total, term) => add(total, term), scalar(0, terms[0]?.dtype))
    }
    return grad(along)(params)
  }
