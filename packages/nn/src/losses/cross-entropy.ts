import {
  add,
  clamp,
  div,
  DTypeError,
  expandDims,
  gather,
  log,
  logSumExp,
  mean,
  mul,
  neg,
  notEqual,
  reshape,
  ShapeError,
  squeeze,
  sub,
  sum,
  takeAlongAxis,
  where,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { logSoftmax } from '../activations.ts'
import { likePredictions, reduceLoss, reduceWeighted, sameShapes, weighted, weightOf } from './reduction.ts'
import type { LossOptions } from './reduction.ts'

/** Which axis holds the classes, and how much certainty is taken from the labels. */
export interface CrossEntropyOptions extends LossOptions {
  /** Default: the last. */
  readonly axis?: number
  /** Share of each label that is spread evenly over all classes (default 0). */
  readonly labelSmoothing?: number
}

/**
 * (1 − alpha)·labels + alpha / classes: labels that are less certain (Müller et al., 2019, arXiv:1906.02629).
 *
 * @param labels float `[…, classes]`
 * @param alpha from 0 to 1
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { smoothLabels } from '@grad-ts/nn'
 * toArray(smoothLabels(tensor([0, 1]), 0.5)) // => [0.25, 0.75]
 */
export const smoothLabels = (labels: Tensor, alpha: number, axis = -1): Tensor => {
  const classes = labels.shape.at(axis)
  if (classes === undefined) throw new ShapeError('smoothLabels', [labels], 'expected labels with an axis of classes')
  return alpha === 0 ? labels : add(mul(labels, 1 - alpha), alpha / classes)
}

/**
 * −Σ t·log p from probabilities, which are brought to sum 1 and kept 1e-7 away from 0 and 1, as in Keras.
 * Prefer `softmaxCrossEntropy`, which takes logits and needs no clipping.
 *
 * @param predictions float `[…, classes]`
 * @param targets of the same shape: one-hot or soft
 * @param options.weights `[…]`, such as `[batch]`
 */
export const categoricalCrossEntropy = (
  predictions: Tensor,
  targets: Tensor,
  options: CrossEntropyOptions & { readonly epsilon?: number } = {},
): Tensor => {
  const op = 'categoricalCrossEntropy'
  const { axis = -1, labelSmoothing = 0, epsilon = 1e-7, ...reduce } = options
  sameShapes(op, predictions, targets)
  const t = smoothLabels(likePredictions(op, predictions, targets), labelSmoothing, axis)
  const p = clamp(div(predictions, sum(predictions, { axes: axis, keepDims: true })), epsilon, 1 - epsilon)
  return reduceLoss(neg(sum(mul(t, log(p)), { axes: axis })), reduce, op)
}

/**
 * −Σ labels·log softmax(logits), exact for logits of any size. A label of 0 beside a logit of −∞ counts 0.
 *
 * @param logits float `[…, classes]`
 * @param labels of the same shape: one-hot or soft
 * @param options.weights `[…]`, such as `[batch]`
 * @returns with reduction `none`, one value per example
 * @throws {ShapeError} when the shapes differ
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { softmaxCrossEntropy } from '@grad-ts/nn'
 * toNumber(softmaxCrossEntropy(tensor([[1, 1]]), tensor([[0, 1]]))) // => 0.6931471824645996
 * @see softmaxCrossEntropyWithIntegerLabels for class numbers
 */
export const softmaxCrossEntropy = (logits: Tensor, labels: Tensor, options: CrossEntropyOptions = {}): Tensor => {
  const op = 'softmaxCrossEntropy'
  const { axis = -1, labelSmoothing = 0, ...reduce } = options
  sameShapes(op, logits, labels)
  const t = smoothLabels(likePredictions(op, logits, labels), labelSmoothing, axis)
  return reduceLoss(neg(sum(where(notEqual(t, 0), mul(t, logSoftmax(logits, axis)), 0), { axes: axis })), reduce, op)
}

/** Options for labels given as class numbers. */
export interface IntegerLabelOptions extends CrossEntropyOptions {
  /** Examples with this label do not count (PyTorch: −100). Default: none is left out. */
  readonly ignoreIndex?: number
  /** How much each class counts, `[classes]`: the mean divides by the sum of the weights, as in PyTorch. */
  readonly classWeights?: Tensor
}

const checkLabels = (op: string, logits: Tensor, labels: Tensor): void => {
  if (labels.dtype !== 'int32')
    throw new DTypeError(op, [logits, labels], 'expected int32 class numbers; softmaxCrossEntropy takes one-hot labels')
  if (labels.shape.length !== logits.shape.length - 1)
    throw new ShapeError(
      op,
      [logits, labels],
      'expected labels with the shape of the logits less the axis of classes; softmaxCrossEntropy takes one-hot labels',
    )
}

const pick = (x: Tensor, labels: Tensor, axis: number): Tensor => squeeze(takeAlongAxis(x, expandDims(labels, axis), axis), axis)

/** −Σ_c q_c·w_c·log p_c along the axis of classes, where q is the label mixed with the even distribution. */
const smoothedTerms = (logits: Tensor, labels: Tensor, axis: number, smoothing: number, classWeights: Tensor | undefined): Tensor => {
  const own = classWeights === undefined ? undefined : gather(classWeights, labels)
  const hard = sub(logSumExp(logits, { axes: axis }), pick(logits, labels, axis))
  const weightedHard = own === undefined ? hard : mul(hard, own)
  if (smoothing === 0) return weightedHard
  const perClass = classWeights === undefined ? undefined : reshape(classWeights, alongAxis(logits, axis))
  const all = neg(logSoftmax(logits, axis))
  const even = mean(perClass === undefined ? all : mul(all, perClass), { axes: axis })
  return add(mul(weightedHard, 1 - smoothing), mul(even, smoothing))
}

const alongAxis = (x: Tensor, axis: number): number[] =>
  x.shape.map((length, i) => (i === (axis < 0 ? axis + x.shape.length : axis) ? length : 1))

/**
 * Cross entropy between logits and class numbers, without building one-hot labels.
 *
 * @param logits float `[…, classes]`
 * @param labels int32 `[…]`, from 0 to classes − 1
 * @param options.weights `[…]`, such as `[batch]`
 * @returns with reduction `none`, one value per label
 * @throws {DTypeError} when the labels are not int32
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { softmaxCrossEntropyWithIntegerLabels } from '@grad-ts/nn'
 * toNumber(softmaxCrossEntropyWithIntegerLabels(tensor([[1, 1]]), tensor([0], { dtype: 'int32' }))) // => 0.6931471824645996
 */
export const softmaxCrossEntropyWithIntegerLabels = (logits: Tensor, labels: Tensor, options: IntegerLabelOptions = {}): Tensor => {
  const op = 'softmaxCrossEntropyWithIntegerLabels'
  const { axis = -1, labelSmoothing = 0, ignoreIndex, classWeights, weights, reduction = 'mean' } = options
  checkLabels(op, logits, labels)
  const counted = ignoreIndex === undefined ? undefined : notEqual(labels, ignoreIndex)
  const safe = counted === undefined ? labels : where(counted, labels, 0)
  const values = smoothedTerms(logits, safe, axis, labelSmoothing, classWeights)
  const weight = weightOf(op, values, [weights, counted])
  const total = weightOf(op, values, [weight, classWeights === undefined ? undefined : gather(classWeights, safe)])
  return reduceWeighted(weighted(values, weight), total, reduction)
}
