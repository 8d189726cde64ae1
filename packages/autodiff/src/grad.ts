import { entries, leaves, map, unflatten } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { DTypeError, identity, isFloat, isTensor, onesLike, ShapeError } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { pullBackAll } from './reverse.ts'

/** Gives every leaf a node of its own, so that one tensor that stands at two places has two gradients. */
const separate = <T extends Tree<Tensor>>(op: string, params: T): T => {
  for (const [path, leaf] of entries<Tensor>(params))
    if (!isFloat(leaf.dtype))
      throw new DTypeError(op, [leaf], `cannot differentiate with respect to '${path}', which is ${leaf.dtype}; expected a float dtype`)
  return map((leaf: Tensor) => identity(leaf), params as Tree<Tensor>) as T
}

const scalarLoss = (op: string, loss: Tensor): Tensor => {
  if (!isTensor(loss))
    throw new ShapeError(
      op,
      [],
      `expected the loss to be a tensor, got ${Array.isArray(loss) ? 'an array; for [loss, metrics] use valueAndGradWithAux' : typeof loss}`,
    )
  if (loss.shape.length !== 0) throw new ShapeError(op, [loss], 'expected a scalar loss; reduce it with mean or sum (over the batch too)')
  if (!isFloat(loss.dtype)) throw new DTypeError(op, [loss], 'expected a float loss')
  return loss
}

/**
 * Turns a function into one that gives its outputs and their pull-back.
 *
 * @param fn a function of one tree of float tensors
 * @returns `[outputs, pullBack]`; `pullBack(cotangents)` takes a tree like the outputs and gives Σ cotangent · ∂output/∂params, a tree like the parameters
 * @example
 * import { vjp } from '@grad-ts/autodiff'
 * import { mul, tensor, toArray } from '@grad-ts/tensor'
 * const [y, pullBack] = vjp((x) => mul(x, x), tensor([1, 2, 3]))
 * toArray(pullBack(tensor([1, 1, 1]))) // => [2, 4, 6]
 */
export const vjp = <Params extends Tree<Tensor>, Outputs extends Tree<Tensor>>(
  fn: (params: Params) => Outputs,
  params: Params,
): readonly [Outputs, (cotangents: Outputs) => Params] => {
  const sources = separate('vjp', params)
  const outputs = fn(sources)
  const pullBack = (cotangents: Outputs): Params =>
    unflatten(params, pullBackAll(leaves<Tensor>(outputs), leaves<Tensor>(cotangents), leaves<Tensor>(sources))) as Params
  return [outputs, pullBack]
}

/**
 * Turns a loss into a function that gives its value and its gradient with respect to the first argument.
 *
 * @param loss a function whose first argument is a tree of float tensors and whose result is a scalar
 * @returns a function of the same arguments: `[loss, gradients]`, the gradients like the first argument
 * @throws {ShapeError} when the loss is not a scalar
 * @throws {DTypeError} when a parameter or the loss is not a float
 * @example
 * import { valueAndGrad } from '@grad-ts/autodiff'
 * import { mul, sum, tensor, toArray, toNumber } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const [loss, gradient] = valueAndGrad((x: Tensor) => sum(mul(x, x)))(tensor([1, 2, 3]))
 * toNumber(loss) // => 14
 * toArray(gradient) // => [2, 4, 6]
 * @see {@link valueAndGradWithAux} for losses that also return metrics
 */
export const valueAndGrad =
  <Params extends Tree<Tensor>, Rest extends readonly unknown[]>(loss: (params: Params, ...rest: Rest) => Tensor) =>
  (params: Params, ...rest: Rest): readonly [Tensor, Params] => {
    const sources = separate('valueAndGrad', params)
    const value = scalarLoss('valueAndGrad', loss(sources, ...rest))
    return [value, unflatten(params, pullBackAll([value], [onesLike(value)], leaves<Tensor>(sources))) as Params]
  }

/**
 * Like `valueAndGrad` for a loss that returns `[loss, auxiliary]`: the auxiliary outputs are passed on without a gradient.
 *
 * @returns a function that gives `[[loss, auxiliary], gradients]`
 */
export const valueAndGradWithAux =
  <Params extends Tree<Tensor>, Rest extends readonly unknown[], Aux>(loss: (params: Params, ...rest: Rest) => readonly [Tensor, Aux]) =>
  (params: Params, ...rest: Rest): readonly [readonly [Tensor, Aux], Params] => {
    const sources = separate('valueAndGradWithAux', params)
    const [total, auxiliary] = loss(sources, ...rest)
    const value = scalarLoss('valueAndGradWithAux', total)
    return [[value, auxiliary], unflatten(params, pullBackAll([value], [onesLike(value)], leaves<Tensor>(sources))) as Params]
  }

/**
 * Turns a loss into the function that gives its gradient with respect to the first argument.
 *
 * @example
 * import { grad } from '@grad-ts/autodiff'
 * import { pow, tensor, toNumber } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const cube = (x: Tensor) => pow(x, 3)
 * toNumber(grad(grad(cube))(tensor(2))) // => 12
 */
export const grad =
  <Params extends Tree<Tensor>, Rest extends readonly unknown[]>(loss: (params: Params, ...rest: Rest) => Tensor) =>
  (params: Params, ...rest: Rest): Params =>
    valueAndGrad(loss)(params, ...rest)[1]
