import { add, equal, exp, log, mul, sub, sum, where } from '@grad-ts/tensor'
import type { Axes, Tensor } from '@grad-ts/tensor'
import { likePredictions, reduceLoss, sameShapes } from './reduction.ts'
import type { LossOptions } from './reduction.ts'

export interface DivergenceOptions extends LossOptions {
  /** The axes of the distributions, default: the last. */
  readonly axis?: Axes
  /** Which elements count, bool of the shape of the predictions. */
  readonly where?: Tensor
}

const along = (terms: Tensor, { axis = -1, where: mask, weights, reduction = 'mean' }: DivergenceOptions, op: string): Tensor => {
  const values = sum(mask === undefined ? terms : where(mask, terms, 0), { axes: axis })
  return reduceLoss(values, weights === undefined ? { reduction } : { weights, reduction }, op)
}

/** t·(log t − q), and 0 where t is 0. */
const terms = (logPredictions: Tensor, t: Tensor): Tensor => {
  const none = equal(t, 0)
  return mul(t, sub(where(none, 0, log(where(none, 1, t))), logPredictions))
}

/**
 * Σ t·(log t − log p), one value per distribution: how much is lost by taking the predicted distribution for the true one.
 *
 * @param logPredictions float `[…, size]`, logarithms of probabilities
 * @param targets probabilities of the same shape; 0·log 0 counts 0
 * @example
 * import { log, tensor, toNumber } from '@grad-ts/tensor'
 * import { klDivergence } from '@grad-ts/nn'
 * toNumber(klDivergence(log(tensor([[0.5, 0.5]])), tensor([[1, 0]]))) // => 0.6931471824645996
 * @see Kullback and Leibler, On information and sufficiency, 1951
 */
export const klDivergence = (logPredictions: Tensor, targets: Tensor, options: DivergenceOptions = {}): Tensor => {
  const op = 'klDivergence'
  sameShapes(op, logPredictions, targets)
  return along(terms(logPredictions, likePredictions(op, logPredictions, targets)), options, op)
}

/**
 * The same with targets given as logarithms too.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { klDivergenceWithLogTargets } from '@grad-ts/nn'
 * toNumber(klDivergenceWithLogTargets(tensor([[-2, 0]]), tensor([[0, 0]]))) // => 2
 */
export const klDivergenceWithLogTargets = (logPredictions: Tensor, logTargets: Tensor, options: DivergenceOptions = {}): Tensor => {
  const op = 'klDivergenceWithLogTargets'
  sameShapes(op, logPredictions, logTargets)
  return along(mul(exp(logTargets), sub(logTargets, logPredictions)), options, op)
}

/**
 * Σ t·(log t − log p) − t + p: the divergence of measures that need not sum to 1.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { generalizedKlDivergence } from '@grad-ts/nn'
 * toNumber(generalizedKlDivergence(tensor([[0, 0]]), tensor([[1, 0]]))) // => 1
 */
export const generalizedKlDivergence = (logPredictions: Tensor, targets: Tensor, options: DivergenceOptions = {}): Tensor => {
  const op = 'generalizedKlDivergence'
  sameShapes(op, logPredictions, targets)
  const t = likePredictions(op, logPredictions, targets)
  return along(add(terms(logPredictions, t), sub(exp(logPredictions), t)), options, op)
}
