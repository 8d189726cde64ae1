import { add, div, expandDims, mean, mul, normalizeAxes, reciprocal, sliceAxis, square, sub, sum } from '@grad-ts/tensor'
import type { Axes, Tensor } from '@grad-ts/tensor'
import { sigmoid, softmax } from '../activations.ts'
import { likePredictions, sameShapes } from './reduction.ts'

export interface DiceOptions {
  /** `[classes]`, default all 1. */
  readonly classWeights?: Tensor
  /** Added above and below the fraction, default 1. */
  readonly smooth?: number
  /** Weight of false positives, default 0.5; with other weights this is the Tversky loss. */
  readonly alpha?: number
  /** Weight of false negatives, default 0.5. */
  readonly beta?: number
  /** Whether the predictions are logits (softmax over several classes, sigmoid over one), default true. */
  readonly applySoftmax?: boolean
  /** How the classes are joined, default mean. */
  readonly reduction?: 'mean' | 'sum' | 'none'
  /** Leaves the first class out, default false. */
  readonly ignoreBackground?: boolean
  /** The axes to sum over, default: all but the first and the last. */
  readonly axis?: Axes
}

const probabilities = (predictions: Tensor, applySoftmax: boolean): Tensor => {
  if (!applySoftmax) return predictions
  return predictions.shape.at(-1) === 1 ? sigmoid(predictions) : softmax(predictions)
}

/** 1 − (hits + smooth) / (hits + alpha·false positives + beta·false negatives + smooth), per class. */
const diceOfClasses = (p: Tensor, t: Tensor, { smooth = 1, alpha = 0.5, beta = 0.5, axis }: DiceOptions): Tensor => {
  const axes = axis === undefined ? [...p.shape.keys()].slice(1, -1) : normalizeAxes('diceLoss', p, axis)
  const hits = sum(mul(p, t), { axes })
  const falsePositives = sub(sum(p, { axes }), hits)
  const falseNegatives = sub(sum(t, { axes }), hits)
  const above = add(hits, smooth)
  return sub(1, div(above, add(above, add(mul(falsePositives, alpha), mul(falseNegatives, beta)))))
}

/**
 * The soft Dice loss of a segmentation, one value per image (Milletari et al., 2016, arXiv:1606.04797).
 *
 * @param predictions float `[batch, …, classes]`, or without the last axis for one class
 * @param targets one-hot, of the same shape
 * @returns `[batch]`, or `[batch, classes]` with reduction `none`
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { diceLoss } from '@grad-ts/nn'
 * toArray(diceLoss(tensor([[[0, 1], [1, 0]]]), tensor([[[0, 1], [1, 0]]]), { applySoftmax: false })) // => [0]
 */
export const diceLoss = (predictions: Tensor, targets: Tensor, options: DiceOptions = {}): Tensor => {
  const { classWeights, applySoftmax = true, ignoreBackground = false, reduction = 'mean' } = options
  const x = predictions.shape.length === targets.shape.length - 1 ? expandDims(predictions, -1) : predictions
  const y = targets.shape.length === predictions.shape.length - 1 ? expandDims(targets, -1) : targets
  sameShapes('diceLoss', x, y)
  const perClass = diceOfClasses(probabilities(x, applySoftmax), likePredictions('diceLoss', x, y), options)
  const weighted = classWeights === undefined ? perClass : mul(perClass, classWeights)
  const kept = ignoreBackground && (x.shape.at(-1) as number) > 1 ? sliceAxis(weighted, -1, { start: 1 }) : weighted
  if (reduction === 'none') return kept
  return reduction === 'mean' ? mean(kept, { axes: -1 }) : sum(kept, { axes: -1 })
}

/**
 * The Dice loss with each class weighted by 1 / (its number of pixels)², as one value (Sudre et al., 2017, arXiv:1707.03237).
 *
 * @param predictions float `[batch, …, classes]`
 * @param targets one-hot, of the same shape
 * @returns a scalar
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { multiclassGeneralizedDiceLoss } from '@grad-ts/nn'
 * toNumber(multiclassGeneralizedDiceLoss(tensor([[[0, 1], [1, 0]]]), tensor([[[0, 1], [1, 0]]]), { applySoftmax: false })) // => 0
 */
export const multiclassGeneralizedDiceLoss = (
  predictions: Tensor,
  targets: Tensor,
  options: Pick<DiceOptions, 'smooth' | 'applySoftmax' | 'ignoreBackground'> = {},
): Tensor => {
  const op = 'multiclassGeneralizedDiceLoss'
  sameShapes(op, predictions, targets)
  const t = likePredictions(op, predictions, targets)
  const inverse = reciprocal(add(square(sum(t, { axes: [...t.shape.keys()].slice(0, -1) })), 1e-7))
  const classWeights = mean(inverse)
  return mean(diceLoss(predictions, t, { ...options, classWeights: div(inverse, classWeights), reduction: 'none' }))
}

/**
 * The Dice loss of one class, `[batch, …]` or `[batch, …, 1]`, one value per image.
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { binaryDiceLoss } from '@grad-ts/nn'
 * toArray(binaryDiceLoss(tensor([[0, 1, 1]]), tensor([[0, 1, 1]]), { applySigmoid: false })) // => [0]
 */
export const binaryDiceLoss = (
  predictions: Tensor,
  targets: Tensor,
  { smooth = 1, applySigmoid = true }: { readonly smooth?: number; readonly applySigmoid?: boolean } = {},
): Tensor => {
  const bare = predictions.shape.length === targets.shape.length && predictions.shape.at(-1) !== 1
  const [x, y] = bare ? [expandDims(predictions, -1), expandDims(targets, -1)] : [predictions, targets]
  return diceLoss(x, y, { smooth, applySoftmax: applySigmoid })
}

/**
 * The Dice loss with false positives and negatives weighted apart (Salehi et al., 2017, arXiv:1706.05721; default alpha 0.3, beta 0.7).
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { tverskyLoss } from '@grad-ts/nn'
 * toArray(tverskyLoss(tensor([[[0, 1], [1, 0]]]), tensor([[[0, 1], [1, 0]]]), { applySoftmax: false })) // => [0]
 */
export const tverskyLoss = (predictions: Tensor, targets: Tensor, options: DiceOptions = {}): Tensor =>
  diceLoss(predictions, targets, { alpha: 0.3, beta: 0.7, ...options })
