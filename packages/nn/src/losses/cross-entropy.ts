import {
  add,
  and,
  clamp,
  div,
  equal,
  exp,
  expandDims,
  log,
  logSoftmax,
  logSumExp,
  mul,
  neg,
  normalizeAxes,
  ShapeError,
  sub,
  sum,
  where,
} from '@grad-ts/tensor'
import type { Axes, Tensor } from '@grad-ts/tensor'
import { likePredictions, reduceLoss, sameShapes } from './reduction.ts'
import type { LossOptions } from './reduction.ts'

/** Which axes hold the classes, which of them count, and how much certainty is taken from the labels. */
export interface CrossEntropyOptions extends LossOptions {
  /** Default: the last. */
  readonly axis?: Axes
  /** Share of each label that is spread evenly over all classes (default 0). */
  readonly labelSmoothing?: number
  /** Which classes take part, bool of the shape of the logits; or which examples, bool of the shape of the values. */
  readonly where?: Tensor
}

/**
 * (1 − alpha)·labels + alpha / classes: labels that are less certain.
 *
 * @param labels float `[…, classes]`
 * @param alpha from 0 to 1
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { smoothLabels } from '@grad-ts/nn'
 * toArray(smoothLabels(tensor([0, 1]), 0.5)) // => [0.25, 0.75]
 * @see Müller, Kornblith and Hinton, When does label smoothing help?, 2019, arXiv:1906.02629
 */
export const smoothLabels = (labels: Tensor, alpha: number, axis: Axes = -1): Tensor => {
  const classes = normalizeAxes('smoothLabels', labels, axis).reduce((count, position) => count * (labels.shape[position] as number), 1)
  if (!(alpha >= 0 && alpha <= 1)) throw new ShapeError('smoothLabels', [labels], `expected alpha from 0 to 1, got ${alpha}`)
  return alpha === 0 ? labels : add(mul(labels, 1 - alpha), alpha / classes)
}

/** Gives a mask of examples the axes of classes that it lacks. */
export const classMask = (mask: Tensor | undefined, logits: Tensor, axis: Axes): Tensor | undefined => {
  if (mask === undefined || mask.shape.length === logits.shape.length) return mask
  return normalizeAxes('where', logits, axis).reduce((wide, position) => expandDims(wide, position), mask)
}

/** log softmax among the classes that take part; the others get 0. */
export const maskedLogSoftmax = (logits: Tensor, axis: Axes, mask: Tensor | undefined): Tensor => {
  if (mask === undefined && typeof axis === 'number') return logSoftmax(logits, axis)
  const present = mask === undefined ? logits : where(mask, logits, -Infinity)
  const logP = sub(logits, logSumExp(present, { axes: axis, keepDims: true }))
  return mask === undefined ? logP : where(mask, logP, 0)
}

/** −Σ t·log softmax(x), where a label of 0 beside a logit of −∞ counts 0. */
const valuesOf = (logits: Tensor, t: Tensor, axis: Axes, mask: Tensor | undefined): Tensor => {
  const logP = maskedLogSoftmax(logits, axis, mask)
  const impossible = and(equal(t, 0), equal(logP, -Infinity))
  const terms = mul(t, where(impossible, 0, logP))
  return neg(sum(mask === undefined ? terms : where(mask, terms, 0), { axes: axis }))
}

/**
 * −Σ t·log p from probabilities, which are brought to sum 1 and kept 1e-7 away from 0 and 1, as in Keras.
 * Prefer `softmaxCrossEntropy`, which takes logits and needs no clipping.
 *
 * @param predictions float `[…, classes]`
 * @param targets of the same shape: one-hot or soft
 * @param options.weights `[…]`, such as `[batch]`
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { categoricalCrossEntropy } from '@grad-ts/nn'
 * toNumber(categoricalCrossEntropy(tensor([[0.5, 0.5]]), tensor([[0, 1]]))) // => 0.6931471824645996
 */
export const categoricalCrossEntropy = (
  predictions: Tensor,
  targets: Tensor,
  options: Omit<CrossEntropyOptions, 'where'> & { readonly epsilon?: number } = {},
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
  const { axis = -1, labelSmoothing = 0, where: mask, ...reduce } = options
  sameShapes(op, logits, labels)
  const t = smoothLabels(likePredictions(op, logits, labels), labelSmoothing, axis)
  return reduceLoss(valuesOf(logits, t, axis, classMask(mask, logits, axis)), reduce, op)
}

/**
 * Cross entropy plus epsilon·(1 − p) of the right class: the first term of its expansion gets a weight of its own.
 *
 * @param logits float `[…, classes]`
 * @param labels one-hot or soft, of the same shape
 * @param options.epsilon default 2, meant for image classification
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { polyLossCrossEntropy } from '@grad-ts/nn'
 * toNumber(polyLossCrossEntropy(tensor([[1, 1]]), tensor([[0, 1]]), { epsilon: 0 })) // => 0.6931471824645996
 * @see Leng et al., PolyLoss: a polynomial expansion perspective of classification loss functions, 2022, arXiv:2204.12511
 */
export const polyLossCrossEntropy = (
  logits: Tensor,
  labels: Tensor,
  options: Omit<CrossEntropyOptions, 'labelSmoothing'> & { readonly epsilon?: number } = {},
): Tensor => {
  const op = 'polyLossCrossEntropy'
  const { axis = -1, epsilon = 2, where: mask, ...reduce } = options
  sameShapes(op, logits, labels)
  const t = likePredictions(op, logits, labels)
  const wide = classMask(mask, logits, axis)
  const missed = mul(t, sub(1, exp(maskedLogSoftmax(logits, axis, wide))))
  const miss = sum(wide === undefined ? missed : where(wide, missed, 0), { axes: axis })
  return reduceLoss(add(valuesOf(logits, t, axis, wide), mul(miss, epsilon)), reduce, op)
}
