import { clamp, div, greater, maximum, mul, sqrt, square, sub, sum, where } from '@grad-ts/tensor'
import type { Axes, Tensor } from '@grad-ts/tensor'
import { likePredictions, reduceLoss } from './reduction.ts'
import type { LossOptions } from './reduction.ts'

/** Along which axes vectors lie, and what of them counts. */
export interface CosineOptions extends LossOptions {
  /** Default: the last. */
  readonly axis?: Axes
  /** The least squared norm to divide by, default 0. A vector of norm 0 is similar to nothing: similarity 0, gradient 0. */
  readonly epsilon?: number
  /** Which elements count, bool of the shape of the vectors. */
  readonly where?: Tensor
}

/** x / √max(Σx², epsilon), and 0 for the zero vector. */
export const normalized = (x: Tensor, axes: Axes, epsilon = 0): Tensor => {
  const squared = sum(square(x), { axes, keepDims: true })
  const bounded = epsilon > 0 ? maximum(squared, epsilon) : squared
  const positive = greater(bounded, 0)
  return where(positive, div(x, sqrt(where(positive, bounded, 1))), 0)
}

const similarity = (op: string, predictions: Tensor, targets: Tensor, { axis = -1, epsilon = 0, where: mask }: CosineOptions): Tensor => {
  const [a, b] = [predictions, likePredictions(op, predictions, targets)].map((x) => (mask === undefined ? x : where(mask, x, 0))) as [
    Tensor,
    Tensor,
  ]
  return sum(mul(normalized(a, axis, epsilon), normalized(b, axis, epsilon)), { axes: axis })
}

const reduced = (values: Tensor, { weights, reduction = 'mean' }: CosineOptions, op: string): Tensor =>
  reduceLoss(values, weights === undefined ? { reduction } : { weights, reduction }, op)

/**
 * p·t / (|p|·|t|), one value per vector. It is no loss by itself: larger is better.
 *
 * @param predictions float `[…, size]`
 * @param targets of the same shape
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { cosineSimilarity } from '@grad-ts/nn'
 * toNumber(cosineSimilarity(tensor([[1, 0]]), tensor([[0, 2]]))) // => 0
 */
export const cosineSimilarity = (predictions: Tensor, targets: Tensor, options: CosineOptions = {}): Tensor =>
  reduced(similarity('cosineSimilarity', predictions, targets, options), options, 'cosineSimilarity')

/**
 * 1 − cosine similarity, one value per vector.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { cosineDistance } from '@grad-ts/nn'
 * toNumber(cosineDistance(tensor([[1, 0]]), tensor([[0, 2]]))) // => 1
 */
export const cosineDistance = (predictions: Tensor, targets: Tensor, options: CosineOptions = {}): Tensor =>
  reduced(sub(1, similarity('cosineDistance', predictions, targets, options)), options, 'cosineDistance')

/**
 * Brings vectors labelled 1 together and those labelled −1 apart: 1 − cos, or max(0, cos − margin).
 *
 * @param labels `[batch]`, 1 or −1
 * @param options.margin default 0
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { cosineEmbeddingLoss } from '@grad-ts/nn'
 * toNumber(cosineEmbeddingLoss(tensor([[1, 0]]), tensor([[0, 2]]), tensor([1]))) // => 1
 */
export const cosineEmbeddingLoss = (
  left: Tensor,
  right: Tensor,
  labels: Tensor,
  options: LossOptions & { readonly margin?: number } = {},
): Tensor => {
  const { margin = 0, ...reduce } = options
  const cosine = similarity('cosineEmbeddingLoss', left, right, {})
  const together = greater(labels, 0)
  return reduceLoss(where(together, sub(1, cosine), clamp(sub(cosine, margin), 0)), reduce, 'cosineEmbeddingLoss')
}
