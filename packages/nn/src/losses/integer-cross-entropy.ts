import {
  add,
  cast,
  DTypeError,
  expandDims,
  gather,
  greater,
  logSoftmax,
  logSumExp,
  max,
  mean,
  mul,
  neg,
  normalizeAxes,
  notEqual,
  reshape,
  ShapeError,
  squeeze,
  sub,
  takeAlongAxis,
  transpose,
  where,
} from '@grad-ts/tensor'
import type { Axes, Tensor } from '@grad-ts/tensor'
import { classMask, maskedLogSoftmax } from './cross-entropy.ts'
import type { CrossEntropyOptions } from './cross-entropy.ts'
import { reduceWeighted, weighted, weightOf } from './reduction.ts'
import type { LossOptions } from './reduction.ts'

/** Options for labels given as class numbers. */
export interface IntegerLabelOptions extends CrossEntropyOptions {
  /** Examples with this label do not count (PyTorch: −100). Default: none is left out. */
  readonly ignoreIndex?: number
  /** How much each class counts, `[classes]`: the mean divides by the sum of the weights, as in PyTorch. */
  readonly classWeights?: Tensor
}

const checkLabels = (op: string, logits: Tensor, labels: Tensor): void => {
  if (labels.dtype !== 'int32')
    throw new DTypeError(
      op,
      [logits, labels],
      "expected int32 class numbers; make them with dtype 'int32', or give one-hot rows to softmaxCrossEntropy",
    )
  const fits = labels.shape.length === logits.shape.length - 1 && labels.shape.every((length, axis) => length === logits.shape[axis])
  if (!fits)
    throw new ShapeError(op, [logits, labels], 'expected one class number per example: labels of the shape of the logits less the classes')
}

/** Moves the axes of classes to the end and makes them one. */
const classesLast = (x: Tensor, axis: Axes): Tensor => {
  const axes = normalizeAxes('crossEntropy', x, axis)
  const others = [...x.shape.keys()].filter((position) => !axes.includes(position))
  return reshape(transpose(x, [...others, ...axes]), [...others.map((position) => x.shape[position] as number), -1])
}

const pick = (x: Tensor, labels: Tensor): Tensor => squeeze(takeAlongAxis(x, expandDims(labels, -1), -1), -1)

interface Counting {
  readonly ignoreIndex: number | undefined
  readonly classWeights: Tensor | undefined
  readonly weights: Tensor | undefined
  readonly reduction: LossOptions['reduction']
}

/** Which labels count, and each label as a class that exists. */
const counted = (labels: Tensor, ignoreIndex: number | undefined): { readonly mask: Tensor | undefined; readonly classes: Tensor } => {
  if (ignoreIndex === undefined) return { mask: undefined, classes: labels }
  const mask = notEqual(labels, ignoreIndex)
  return { mask, classes: where(mask, labels, 0) }
}

/** Weights values by example and by class, and joins them. */
const joined = (op: string, labels: Tensor, counting: Counting, valuesOf: (classes: Tensor, own: Tensor | undefined) => Tensor): Tensor => {
  const { mask, classes } = counted(labels, counting.ignoreIndex)
  const own = counting.classWeights === undefined ? undefined : gather(counting.classWeights, classes)
  const values = valuesOf(classes, own)
  const weight = weightOf(op, values, [counting.weights, mask])
  return reduceWeighted(weighted(values, weight), weightOf(op, values, [weight, own]), counting.reduction ?? 'mean')
}

const scaled = (values: Tensor, factor: Tensor | undefined): Tensor => (factor === undefined ? values : mul(values, factor))

/** log Σ exp less the logit of the right class; 0 for examples of which no class takes part. */
const hardValues = (x: Tensor, classes: Tensor, mask: Tensor | undefined): Tensor => {
  if (mask === undefined) return neg(pick(logSoftmax(x), classes))
  const values = sub(logSumExp(where(mask, x, -Infinity), { axes: -1 }), pick(x, classes))
  return where(greater(max(cast(mask, x.dtype), { axes: -1 }), 0), values, 0)
}

/**
 * Cross entropy between logits and class numbers, without building one-hot labels.
 *
 * @param logits float `[…, classes]`
 * @param labels int32 `[…]`, from 0 to classes − 1; over several axes of classes, the position in them all, row by row
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
  const { axis = -1, labelSmoothing = 0, where: presence, ignoreIndex, classWeights, weights, reduction } = options
  const x = classesLast(logits, axis)
  checkLabels(op, x, labels)
  const wide = classMask(presence, logits, axis)
  const mask = wide === undefined ? undefined : classesLast(wide, axis)
  return joined(op, labels, { ignoreIndex, classWeights, weights, reduction }, (classes, own) => {
    const hard = scaled(hardValues(x, classes, mask), own)
    if (labelSmoothing === 0) return hard
    const even = mean(scaled(neg(maskedLogSoftmax(x, -1, mask)), classWeights), { axes: -1 })
    return add(mul(hard, 1 - labelSmoothing), mul(even, labelSmoothing))
  })
}

/**
 * −log p of the right class, from logarithms of probabilities.
 *
 * @param logProbabilities float `[…, classes]`, such as `logSoftmax` gives
 * @param labels int32 `[…]`
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { negativeLogLikelihood } from '@grad-ts/nn'
 * toNumber(negativeLogLikelihood(tensor([[-1, -0.5]]), tensor([1], { dtype: 'int32' }))) // => 0.5
 */
export const negativeLogLikelihood = (
  logProbabilities: Tensor,
  labels: Tensor,
  options: Omit<IntegerLabelOptions, 'labelSmoothing' | 'where'> = {},
): Tensor => {
  const op = 'negativeLogLikelihood'
  const { axis = -1, ignoreIndex, classWeights, weights, reduction } = options
  const x = classesLast(logProbabilities, axis)
  checkLabels(op, x, labels)
  return joined(op, labels, { ignoreIndex, classWeights, weights, reduction }, (classes, own) => scaled(neg(pick(x, classes)), own))
}
