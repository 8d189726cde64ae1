import { add, cast, clamp, greater, max, mul, neg, sub, sum, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { logSoftmax } from '../activations.ts'
import { likePredictions, reduceLoss, sameShapes } from './reduction.ts'
import type { LossOptions } from './reduction.ts'

export interface RankingOptions extends LossOptions {
  /** Which items are there, bool `[…, items]`; lists without any do not count. */
  readonly where?: Tensor
  /** How much each item's relevance counts, `[…, items]`. */
  readonly itemWeights?: Tensor
}

/**
 * −Σ y_i·log softmax(s)_i over the items of a list, one value per list.
 *
 * @param logits float `[…, items]`, the scores
 * @param labels relevance of each item, of the same shape
 * @param options.weights `[…]`, one per list
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { rankingSoftmaxLoss } from '@grad-ts/nn'
 * toNumber(rankingSoftmaxLoss(tensor([[1, 1]]), tensor([[0, 1]]))) // => 0.6931471824645996
 */
export const rankingSoftmaxLoss = (logits: Tensor, labels: Tensor, options: RankingOptions = {}): Tensor => {
  const op = 'rankingSoftmaxLoss'
  const { where: present, itemWeights, weights, reduction = 'mean' } = options
  sameShapes(op, logits, labels)
  const relevance = likePredictions(op, logits, labels)
  const scores = present === undefined ? logits : where(present, logits, -Infinity)
  const terms = mul(itemWeights === undefined ? relevance : mul(relevance, itemWeights), finiteOnly(logSoftmax(scores), present))
  const anything = present === undefined ? undefined : greater(max(cast(present, logits.dtype), { axes: -1 }), 0)
  const values = neg(sum(terms, { axes: -1 }))
  const counted = weightsOf(anything, weights, values)
  return reduceLoss(values, counted === undefined ? { reduction } : { weights: counted, reduction }, op)
}

const finiteOnly = (x: Tensor, present: Tensor | undefined): Tensor => (present === undefined ? x : where(present, x, 0))

const weightsOf = (anything: Tensor | undefined, weights: Tensor | undefined, values: Tensor): Tensor | undefined => {
  if (anything === undefined || weights === undefined) return anything ?? weights
  return mul(cast(anything, values.dtype), cast(weights, values.dtype))
}

/**
 * max(0, −y·(a − b) + margin), elementwise: a should be above b where y is 1 and below where y is −1 (default margin 0).
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { marginRankingLoss } from '@grad-ts/nn'
 * toNumber(marginRankingLoss(tensor([1]), tensor([3]), tensor([1]))) // => 2
 */
export const marginRankingLoss = (
  first: Tensor,
  second: Tensor,
  labels: Tensor,
  options: LossOptions & { readonly margin?: number } = {},
): Tensor => {
  const { margin = 0, ...reduce } = options
  sameShapes('marginRankingLoss', first, second)
  const y = likePredictions('marginRankingLoss', first, labels)
  return reduceLoss(clamp(add(neg(mul(y, sub(first, second))), margin), 0), reduce, 'marginRankingLoss')
}
