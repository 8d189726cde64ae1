import { add, cast, clamp, gather, greater, max, maximum, mean, mul, neg, oneHot, square, sub, sum, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { logSigmoid, softplus } from '../activations.ts'
import { likePredictions, perExample, reduceLoss, sameShapes } from './reduction.ts'
import type { LossOptions } from './reduction.ts'

/** outputs·targets: positive where the sign is right. */
const margins = (op: string, outputs: Tensor, targets: Tensor): Tensor => {
  sameShapes(op, outputs, targets)
  return mul(outputs, likePredictions(op, outputs, targets))
}

/**
 * max(0, 1 − p·t), elementwise.
 *
 * @param predictorOutputs float, any shape
 * @param targets −1 or 1, of the same shape
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { hingeLoss } from '@grad-ts/nn'
 * toArray(hingeLoss(tensor([0.25, 3]), tensor([1, 1]), { reduction: 'none' })) // => [0.75, 0]
 */
export const hingeLoss = (predictorOutputs: Tensor, targets: Tensor, options: LossOptions = {}): Tensor =>
  reduceLoss(clamp(sub(1, margins('hingeLoss', predictorOutputs, targets)), 0), options, 'hingeLoss')

/**
 * max(0, 1 − p·t)², elementwise; targets −1 or 1.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { squaredHingeLoss } from '@grad-ts/nn'
 * toNumber(squaredHingeLoss(tensor([0.5]), tensor([1]))) // => 0.25
 */
export const squaredHingeLoss = (predictorOutputs: Tensor, targets: Tensor, options: LossOptions = {}): Tensor =>
  reduceLoss(square(clamp(sub(1, margins('squaredHingeLoss', predictorOutputs, targets)), 0)), options, 'squaredHingeLoss')

/**
 * max(0, −p·t), elementwise; targets −1 or 1 (Rosenblatt, 1958).
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { perceptronLoss } from '@grad-ts/nn'
 * toNumber(perceptronLoss(tensor([2, 2]), tensor([1, -1]))) // => 1
 */
export const perceptronLoss = (predictorOutputs: Tensor, targets: Tensor, options: LossOptions = {}): Tensor =>
  reduceLoss(clamp(neg(margins('perceptronLoss', predictorOutputs, targets)), 0), options, 'perceptronLoss')

/**
 * log(1 + exp(−p·t)), elementwise; targets −1 or 1.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { softMarginLoss } from '@grad-ts/nn'
 * toNumber(softMarginLoss(tensor([0]), tensor([1]))) // => 0.6931471824645996
 */
export const softMarginLoss = (predictorOutputs: Tensor, targets: Tensor, options: LossOptions = {}): Tensor =>
  reduceLoss(softplus(neg(margins('softMarginLoss', predictorOutputs, targets))), options, 'softMarginLoss')

const labelRows = (scores: Tensor, labels: Tensor): Tensor => cast(oneHot(labels, scores.shape.at(-1) as number), scores.dtype)

/**
 * max_j (s_j + [j ≠ y]) − s_y, one value per example (Crammer and Singer, 2001). `scores` `[…, classes]`, `labels` int32 `[…]`.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { multiclassHingeLoss } from '@grad-ts/nn'
 * toNumber(multiclassHingeLoss(tensor([[1, 2.5]]), tensor([0], { dtype: 'int32' }))) // => 2.5
 */
export const multiclassHingeLoss = (scores: Tensor, labels: Tensor, options: LossOptions = {}): Tensor => {
  const right = labelRows(scores, labels)
  const values = sub(max(sub(add(scores, 1), right), { axes: -1 }), sum(mul(scores, right), { axes: -1 }))
  return reduceLoss(values, options, 'multiclassHingeLoss')
}

/**
 * max_j s_j − s_y, one value per example (Collins, 2002). `scores` `[…, classes]`, `labels` int32 `[…]`.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { multiclassPerceptronLoss } from '@grad-ts/nn'
 * toNumber(multiclassPerceptronLoss(tensor([[1, 2.5]]), tensor([0], { dtype: 'int32' }))) // => 1.5
 */
export const multiclassPerceptronLoss = (scores: Tensor, labels: Tensor, options: LossOptions = {}): Tensor => {
  const values = sub(max(scores, { axes: -1 }), sum(mul(scores, labelRows(scores, labels)), { axes: -1 }))
  return reduceLoss(values, options, 'multiclassPerceptronLoss')
}

/**
 * max(0, 1 + max_{j≠y} s_j − s_y) with one-hot targets `[…, classes]`, one value per example.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { categoricalHingeLoss } from '@grad-ts/nn'
 * toNumber(categoricalHingeLoss(tensor([[1, 2.5]]), tensor([[1, 0]]))) // => 2.5
 */
export const categoricalHingeLoss = (scores: Tensor, targets: Tensor, options: LossOptions = {}): Tensor => {
  const op = 'categoricalHingeLoss'
  sameShapes(op, scores, targets)
  const t = likePredictions(op, scores, targets)
  const right = sum(mul(scores, t), { axes: -1 })
  const best = max(mul(scores, sub(1, t)), { axes: -1 })
  return reduceLoss(clamp(add(sub(best, right), 1), 0), options, op)
}

/**
 * Σ_{j≠y} max(0, margin − s_y + s_j)^p / classes, one value per example.
 *
 * @param scores float `[batch, classes]`
 * @param labels int32 `[batch]`
 * @param options.classWeights `[classes]`, multiplies each example's value by the weight of its class
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { multiMarginLoss } from '@grad-ts/nn'
 * toNumber(multiMarginLoss(tensor([[1, 2.5]]), tensor([0], { dtype: 'int32' }))) // => 1.25
 */
export const multiMarginLoss = (
  scores: Tensor,
  labels: Tensor,
  options: LossOptions & { readonly margin?: number; readonly p?: 1 | 2; readonly classWeights?: Tensor } = {},
): Tensor => {
  const { margin = 1, p = 1, classWeights, ...reduce } = options
  const right = labelRows(scores, labels)
  const own = sum(mul(scores, right), { axes: -1, keepDims: true })
  const excess = maximum(add(sub(scores, own), margin), 0)
  const values = mean(where(greater(right, 0), 0, p === 1 ? excess : square(excess)), { axes: -1 })
  return reduceLoss(classWeights === undefined ? values : mul(values, gather(classWeights, labels)), reduce, 'multiMarginLoss')
}

/**
 * x where the label is 1, max(0, margin − x) where it is −1, elementwise; x is a distance (default margin 1).
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { hingeEmbeddingLoss } from '@grad-ts/nn'
 * toNumber(hingeEmbeddingLoss(tensor([0.25, 0.25]), tensor([1, -1]))) // => 0.5
 */
export const hingeEmbeddingLoss = (distances: Tensor, labels: Tensor, options: LossOptions & { readonly margin?: number } = {}): Tensor => {
  const { margin = 1, ...reduce } = options
  sameShapes('hingeEmbeddingLoss', distances, labels)
  return reduceLoss(where(greater(labels, 0), distances, clamp(sub(margin, distances), 0)), reduce, 'hingeEmbeddingLoss')
}

/**
 * Binary cross entropy of every label, averaged over the labels of an example; `labels` `[batch, classes]` of 0 and 1.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { multilabelSoftMarginLoss } from '@grad-ts/nn'
 * toNumber(multilabelSoftMarginLoss(tensor([[0, 0]]), tensor([[1, 0]]))) // => 0.6931471824645996
 */
export const multilabelSoftMarginLoss = (logits: Tensor, labels: Tensor, options: LossOptions = {}): Tensor => {
  const op = 'multilabelSoftMarginLoss'
  sameShapes(op, logits, labels)
  const t = likePredictions(op, logits, labels)
  const values = neg(add(mul(t, logSigmoid(logits)), mul(sub(1, t), logSigmoid(neg(logits)))))
  return reduceLoss(perExample(values), options, op)
}
