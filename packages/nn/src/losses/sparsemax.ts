import { add, cast, clamp, greater, greaterEqual, mul, neg, oneHot, square, sub, sum, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { sparsemax } from '../activations.ts'
import { reduceLoss, sameShapes } from './reduction.ts'
import type { LossOptions } from './reduction.ts'

/** 0 below −1, ¼(x + 1)² up to 1, x above. */
const sparsePlus = (x: Tensor): Tensor => where(greaterEqual(x, 1), x, mul(square(clamp(add(x, 1), 0, 2)), 0.25))

/**
 * The binary sparsemax loss, elementwise: like the logistic loss, but exactly 0 once the margin is 1.
 *
 * @param logits float, any shape
 * @param labels 0 or 1 (bool, int32 or float), of the same shape
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { sparsemaxLoss } from '@grad-ts/nn'
 * toNumber(sparsemaxLoss(tensor([0]), tensor([1]))) // => 0.25
 * @see Blondel, Martins and Niculae, Learning with Fenchel–Young losses, 2020, arXiv:1901.02324
 */
export const sparsemaxLoss = (logits: Tensor, labels: Tensor, options: LossOptions = {}): Tensor => {
  sameShapes('sparsemaxLoss', logits, labels)
  const positive = labels.dtype === 'bool' ? labels : greater(labels, 0)
  return reduceLoss(sparsePlus(where(positive, neg(logits), logits)), options, 'sparsemaxLoss')
}

/**
 * max_p (p·s + ½(1 − |p|²)) − s_y over all distributions p, one value per example.
 *
 * @param scores float `[…, classes]`
 * @param labels int32 `[…]`
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { multiclassSparsemaxLoss } from '@grad-ts/nn'
 * toNumber(multiclassSparsemaxLoss(tensor([[3, 0]]), tensor([0], { dtype: 'int32' }))) // => 0
 * @see Martins and Astudillo, From softmax to sparsemax, 2016, arXiv:1602.02068
 */
export const multiclassSparsemaxLoss = (scores: Tensor, labels: Tensor, options: LossOptions = {}): Tensor => {
  const p = sparsemax(scores)
  const own = sum(mul(scores, cast(oneHot(labels, scores.shape.at(-1) as number), scores.dtype)), { axes: -1, keepDims: true })
  const gain = sum(mul(p, sub(scores, own)), { axes: -1 })
  return reduceLoss(add(gain, mul(sub(1, sum(square(p), { axes: -1 })), 0.5)), options, 'multiclassSparsemaxLoss')
}

/**
 * Makes the Fenchel–Young loss of a maximum function: max(scores) − targets·scores over the last axis.
 *
 * @param maximum gives `[…]` for scores `[…, size]`, such as logSumExp over the last axis
 * @example
 * import { logSumExp, tensor, toNumber } from '@grad-ts/tensor'
 * import { makeFenchelYoungLoss } from '@grad-ts/nn'
 * const loss = makeFenchelYoungLoss((scores) => logSumExp(scores, { axes: -1 }))
 * toNumber(loss(tensor([[1, 1]]), tensor([[0, 1]]))) // => 0.6931471824645996
 */
export const makeFenchelYoungLoss =
  (maximum: (scores: Tensor) => Tensor): ((scores: Tensor, targets: Tensor, options?: LossOptions) => Tensor) =>
  (scores, targets, options = {}) =>
    reduceLoss(sub(maximum(scores), sum(mul(targets, scores), { axes: -1 })), options, 'fenchelYoungLoss')
