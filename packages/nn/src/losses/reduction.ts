import { broadcastTo, cast, div, equal, isFloat, mean, mul, notEqual, reshape, ShapeError, DTypeError, sum, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'

/** `mean`: Σ w·l / Σ w. `sum`: Σ w·l. `batchMean`: Σ w·l over the length of the first axis. `none`: w·l, one value per example or element. */
export type Reduction = 'mean' | 'sum' | 'batchMean' | 'none'

export interface LossOptions {
  /**
   * How much each value counts: float weights, or bool to leave values out. Its axes are the first axes of the values (so `[batch]` always fits).
   * A value of weight 0 contributes nothing, even when it is infinite or NaN.
   */
  readonly weights?: Tensor
  /** Default: mean. */
  readonly reduction?: Reduction
}

/** Repeats weights along the trailing axes that they lack. */
const spread = (op: string, weights: Tensor, values: Tensor): Tensor => {
  const missing = values.shape.length - weights.shape.length
  const fits = missing >= 0 && weights.shape.every((length, axis) => length === values.shape[axis] || length === 1)
  if (!fits)
    throw new ShapeError(op, [values, weights], 'expected weights whose axes are the first axes of the loss values, such as [batch]')
  return broadcastTo(reshape(weights, [...weights.shape, ...Array.from({ length: missing }, () => 1)]), values.shape)
}

const ratio = (total: Tensor, count: Tensor): Tensor => where(equal(count, 0), 0, div(total, where(equal(count, 0), 1, count)))

/** Joins values that are already weighted; `weight` (all 1 when left out) is what their mean divides by. */
export const reduceWeighted = (weighted: Tensor, weight: Tensor | undefined, reduction: Reduction): Tensor => {
  switch (reduction) {
    case 'none':
      return weighted
    case 'sum':
      return sum(weighted)
    case 'batchMean':
      return div(sum(weighted), weighted.shape[0] ?? 1)
    case 'mean':
      return weight === undefined ? mean(weighted) : ratio(sum(weighted), sum(weight))
  }
}

/** The product of weights, each repeated along the trailing axes that it lacks, or nothing when there are none. */
export const weightOf = (op: string, values: Tensor, weights: readonly (Tensor | undefined)[]): Tensor | undefined =>
  weights
    .filter((weight) => weight !== undefined)
    .map((weight) => spread(op, cast(weight, values.dtype), values))
    .reduce<Tensor | undefined>((product, weight) => (product === undefined ? weight : mul(product, weight)), undefined)

/** Multiplies, with 0 for weight 0 whatever the value is. */
export const weighted = (values: Tensor, weight: Tensor | undefined): Tensor =>
  weight === undefined ? values : where(notEqual(weight, 0), mul(values, weight), 0)

/**
 * Joins loss values into one, leaving out or weighting some.
 *
 * @param values float, one per example or element
 * @returns a scalar, or the weighted values when the reduction is `none`; the mean of nothing is 0
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { reduceLoss } from '@grad-ts/nn'
 * toNumber(reduceLoss(tensor([1, 3, 100]), { weights: tensor([true, true, false]) })) // => 2
 */
export const reduceLoss = (values: Tensor, { weights, reduction = 'mean' }: LossOptions = {}, op = 'reduceLoss'): Tensor => {
  const weight = weightOf(op, values, [weights])
  return reduceWeighted(weighted(values, weight), weight, reduction)
}

/** Averages everything but the first axis: one value per example. */
export const perExample = (values: Tensor): Tensor =>
  values.shape.length < 2 ? values : mean(values, { axes: values.shape.map((_, axis) => axis).slice(1) })

/** Refuses operands of different shapes: `[n]` beside `[n, 1]` would broadcast to `[n, n]` and train on nonsense. */
export const sameShapes = (op: string, predictions: Tensor, targets: Tensor): void => {
  if (predictions.shape.length !== targets.shape.length || predictions.shape.some((length, axis) => length !== targets.shape[axis]))
    throw new ShapeError(op, [predictions, targets], 'expected predictions and targets of one shape; reshape one of them')
}

/** Gives targets (which may be bool or int32) the dtype of the predictions, and refuses integer predictions. */
export const likePredictions = (op: string, predictions: Tensor, targets: Tensor): Tensor => {
  if (!isFloat(predictions.dtype))
    throw new DTypeError(op, [predictions, targets], "expected float predictions; convert with cast(x, 'float32')")
  return cast(targets, predictions.dtype)
}
