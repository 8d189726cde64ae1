import { add, div, exp, greater, log, maximum, mul, square, sub, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { likePredictions, reduceLoss, sameShapes } from './reduction.ts'
import type { LossOptions } from './reduction.ts'

/**
 * p − t·log p, elementwise: the negative log likelihood of counts under a Poisson distribution with rate p.
 *
 * @param rates float, any shape, above 0
 * @param targets counts of the same shape
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { poissonLoss } from '@grad-ts/nn'
 * toNumber(poissonLoss(tensor([3]), tensor([0]))) // => 3
 */
export const poissonLoss = (rates: Tensor, targets: Tensor, options: LossOptions = {}): Tensor => {
  sameShapes('poissonLoss', rates, targets)
  const t = likePredictions('poissonLoss', rates, targets)
  return reduceLoss(sub(rates, mul(t, log(add(rates, 1e-7)))), options, 'poissonLoss')
}

/** Stirling's approximation of log t! for t above 1, otherwise 0. */
const logFactorial = (t: Tensor): Tensor => {
  const large = greater(t, 1)
  const safe = where(large, t, 1)
  return where(large, add(sub(mul(safe, log(safe)), safe), mul(log(mul(safe, 2 * Math.PI)), 0.5)), 0)
}

/**
 * exp(x) − t·x, elementwise: Poisson likelihood of the logarithm of the rate.
 *
 * @param options.full adds Stirling's approximation of log t! (default false)
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { poissonNegativeLogLikelihood } from '@grad-ts/nn'
 * toNumber(poissonNegativeLogLikelihood(tensor([0]), tensor([5]))) // => 1
 */
export const poissonNegativeLogLikelihood = (
  logRates: Tensor,
  targets: Tensor,
  options: LossOptions & { readonly full?: boolean } = {},
): Tensor => {
  const { full = false, ...reduce } = options
  const op = 'poissonNegativeLogLikelihood'
  sameShapes(op, logRates, targets)
  const t = likePredictions(op, logRates, targets)
  const values = sub(exp(logRates), mul(t, logRates))
  return reduceLoss(full ? add(values, logFactorial(t)) : values, reduce, op)
}

/**
 * ½(log v + (p − t)² / v), elementwise, with the predicted variance v.
 *
 * @param variances of the shape of the predictions, or with length 1 where they share one; kept above epsilon
 * @param options.epsilon default 1e-6
 * @param options.full adds ½·log 2π (default false)
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { gaussianNegativeLogLikelihood } from '@grad-ts/nn'
 * toNumber(gaussianNegativeLogLikelihood(tensor([3]), tensor([1]), tensor([1]))) // => 2
 * @see Nix and Weigend, Estimating the mean and variance of the target probability distribution, 1994
 */
export const gaussianNegativeLogLikelihood = (
  predictions: Tensor,
  targets: Tensor,
  variances: Tensor,
  options: LossOptions & { readonly epsilon?: number; readonly full?: boolean } = {},
): Tensor => {
  const { epsilon = 1e-6, full = false, ...reduce } = options
  const op = 'gaussianNegativeLogLikelihood'
  sameShapes(op, predictions, targets)
  const v = maximum(variances, epsilon)
  const values = mul(add(log(v), div(square(sub(predictions, likePredictions(op, predictions, targets))), v)), 0.5)
  return reduceLoss(full ? add(values, 0.5 * Math.log(2 * Math.PI)) : values, reduce, op)
}
