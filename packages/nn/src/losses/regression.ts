import { abs, add, clamp, div, greater, less, log1p, maximum, minimum, mul, neg, square, sub, tanh, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { softplus } from '../activations.ts'
import { likePredictions, perExample, reduceLoss, sameShapes } from './reduction.ts'
import type { LossOptions } from './reduction.ts'

/** predictions − targets, or the predictions themselves when there are no targets. */
const errorsOf = (op: string, predictions: Tensor, targets: Tensor | undefined): Tensor => {
  if (targets === undefined) return predictions
  sameShapes(op, predictions, targets)
  return sub(predictions, likePredictions(op, predictions, targets))
}

/**
 * (p − t)², elementwise.
 *
 * @param predictions float, any shape
 * @param targets of the same shape; zeros when left out
 * @returns with reduction `none`, one value per element
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { squaredError } from '@grad-ts/nn'
 * toNumber(squaredError(tensor([1, 3]), tensor([0, 0]))) // => 5
 */
export const squaredError = (predictions: Tensor, targets?: Tensor, options: LossOptions = {}): Tensor =>
  reduceLoss(square(errorsOf('squaredError', predictions, targets)), options, 'squaredError')

/**
 * ½(p − t)², elementwise.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { l2Loss } from '@grad-ts/nn'
 * toNumber(l2Loss(tensor([1, 3]), tensor([0, 0]))) // => 2.5
 */
export const l2Loss = (predictions: Tensor, targets?: Tensor, options: LossOptions = {}): Tensor =>
  reduceLoss(mul(square(errorsOf('l2Loss', predictions, targets)), 0.5), options, 'l2Loss')

/**
 * |p − t|, elementwise.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { absoluteError } from '@grad-ts/nn'
 * toNumber(absoluteError(tensor([1, 3]), tensor([0, 0]))) // => 2
 */
export const absoluteError = (predictions: Tensor, targets?: Tensor, options: LossOptions = {}): Tensor =>
  reduceLoss(abs(errorsOf('absoluteError', predictions, targets)), options, 'absoluteError')

/**
 * (p − t)² averaged over each example, then over examples.
 *
 * @param predictions float `[batch, …]`
 * @param targets of the same shape
 * @param options.weights `[batch]`
 * @throws {ShapeError} when the shapes differ
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { meanSquaredError } from '@grad-ts/nn'
 * toNumber(meanSquaredError(tensor([[1], [2]]), tensor([[0], [4]]))) // => 2.5
 */
export const meanSquaredError = (predictions: Tensor, targets: Tensor, options: LossOptions = {}): Tensor =>
  reduceLoss(perExample(square(errorsOf('meanSquaredError', predictions, targets))), options, 'meanSquaredError')

/**
 * |p − t| averaged over each example, then over examples.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { meanAbsoluteError } from '@grad-ts/nn'
 * toNumber(meanAbsoluteError(tensor([1, 3]), tensor([0, 0]))) // => 2
 */
export const meanAbsoluteError = (predictions: Tensor, targets: Tensor, options: LossOptions = {}): Tensor =>
  reduceLoss(perExample(abs(errorsOf('meanAbsoluteError', predictions, targets))), options, 'meanAbsoluteError')

/**
 * 100·|p − t| / max(|t|, 1e-7), averaged over each example.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { meanAbsolutePercentageError } from '@grad-ts/nn'
 * toNumber(meanAbsolutePercentageError(tensor([1, 3]), tensor([2, 2]))) // => 50
 */
export const meanAbsolutePercentageError = (predictions: Tensor, targets: Tensor, options: LossOptions = {}): Tensor => {
  const op = 'meanAbsolutePercentageError'
  const errors = abs(errorsOf(op, predictions, targets))
  const scale = maximum(abs(likePredictions(op, predictions, targets)), 1e-7)
  return reduceLoss(perExample(mul(div(errors, scale), 100)), options, op)
}

/**
 * (log(1 + p) − log(1 + t))² with negative values raised to 0, averaged over each example.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { meanSquaredLogarithmicError } from '@grad-ts/nn'
 * toNumber(meanSquaredLogarithmicError(tensor([0, 3]), tensor([0, 3]))) // => 0
 */
export const meanSquaredLogarithmicError = (predictions: Tensor, targets: Tensor, options: LossOptions = {}): Tensor => {
  const op = 'meanSquaredLogarithmicError'
  sameShapes(op, predictions, targets)
  const [p, t] = [predictions, likePredictions(op, predictions, targets)].map((x) => log1p(maximum(x, 0))) as [Tensor, Tensor]
  return reduceLoss(perExample(square(sub(p, t))), options, op)
}

/**
 * ½e² up to |e| = delta and straight beyond, elementwise: squared error that outliers do not dominate.
 *
 * @param options.delta default 1
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { huberLoss } from '@grad-ts/nn'
 * toArray(huberLoss(tensor([0.5, 3]), tensor([0, 0]), { reduction: 'none' })) // => [0.125, 2.5]
 * @see Huber, Robust estimation of a location parameter, 1964
 */
export const huberLoss = (predictions: Tensor, targets?: Tensor, options: LossOptions & { readonly delta?: number } = {}): Tensor => {
  const { delta = 1, ...reduce } = options
  const size = abs(errorsOf('huberLoss', predictions, targets))
  const quadratic = minimum(size, delta)
  return reduceLoss(add(mul(square(quadratic), 0.5), mul(sub(size, quadratic), delta)), reduce, 'huberLoss')
}

/**
 * The Huber loss divided by its delta, called beta here, elementwise: L1 with a rounded tip (default beta 1).
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { smoothL1Loss } from '@grad-ts/nn'
 * toNumber(smoothL1Loss(tensor([0.5, 3]), tensor([0, 0]))) // => 1.3125
 */
export const smoothL1Loss = (predictions: Tensor, targets: Tensor, options: LossOptions & { readonly beta?: number } = {}): Tensor => {
  const { beta = 1, ...reduce } = options
  if (beta === 0) return absoluteError(predictions, targets, reduce)
  return reduceLoss(div(huberLoss(predictions, targets, { delta: beta, reduction: 'none' }), beta), reduce, 'smoothL1Loss')
}

/**
 * log cosh(p − t), elementwise: about ½e² for small errors and |e| − log 2 for large ones; exact for both.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { logCosh } from '@grad-ts/nn'
 * toNumber(logCosh(tensor([0]), tensor([0]))) // => 0
 */
export const logCosh = (predictions: Tensor, targets?: Tensor, options: LossOptions = {}): Tensor => {
  const size = abs(errorsOf('logCosh', predictions, targets))
  const small = less(size, 0.5)
  // log cosh e = −½·log(1 − tanh² e) loses nothing near 0, where the other form cancels.
  const near = mul(log1p(neg(square(tanh(where(small, size, 0))))), -0.5)
  const far = sub(add(size, softplus(mul(size, -2))), Math.LN2)
  return reduceLoss(where(small, near, far), options, 'logCosh')
}

/**
 * max(q·e, (q − 1)·e) with e = t − p, elementwise: its minimum is the q-quantile of the targets.
 *
 * @param options.quantile from 0 to 1, default 0.5
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { quantileLoss } from '@grad-ts/nn'
 * toNumber(quantileLoss(tensor([1, 1]), tensor([3, 0]), { quantile: 0.75 })) // => 0.875
 */
export const quantileLoss = (predictions: Tensor, targets: Tensor, options: LossOptions & { readonly quantile?: number } = {}): Tensor => {
  const { quantile = 0.5, ...reduce } = options
  const errors = neg(errorsOf('quantileLoss', predictions, targets))
  return reduceLoss(where(greater(errors, 0), mul(errors, quantile), mul(errors, quantile - 1)), reduce, 'quantileLoss')
}

/**
 * Errors within epsilon (default 0.1) cost nothing, others what exceeds it, elementwise: the loss of support vector regression.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { epsilonInsensitiveLoss } from '@grad-ts/nn'
 * toNumber(epsilonInsensitiveLoss(tensor([1, 3]), tensor([1, 1]), { epsilon: 0.5 })) // => 0.75
 */
export const epsilonInsensitiveLoss = (
  predictions: Tensor,
  targets: Tensor,
  options: LossOptions & { readonly epsilon?: number } = {},
): Tensor => {
  const { epsilon = 0.1, ...reduce } = options
  const errors = abs(errorsOf('epsilonInsensitiveLoss', predictions, targets))
  return reduceLoss(clamp(sub(errors, epsilon), 0), reduce, 'epsilonInsensitiveLoss')
}
