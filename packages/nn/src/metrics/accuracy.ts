import { argMax, cast, DTypeError, equal, expandDims, greater, less, notEqual, ShapeError, sum, takeAlongAxis } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { sameShapes } from '../losses/reduction.ts'
import { elementSums, meanOf, safeRatio, sumMetric, zero } from './metric.ts'
import type { MeanState, Metric } from './metric.ts'

/** Class numbers of targets: as they are when int32 without an axis of classes, the position of the largest when one-hot. */
export const classesOf = (op: string, outputs: Tensor, targets: Tensor): Tensor => {
  if (targets.shape.length === outputs.shape.length) return argMax(cast(targets, 'float32'))
  if (targets.shape.length !== outputs.shape.length - 1)
    throw new ShapeError(op, [outputs, targets], 'expected class numbers [batch] or one-hot rows [batch, classes]')
  if (targets.dtype !== 'int32') throw new DTypeError(op, [outputs, targets], "expected int32 class numbers; convert with cast(x, 'int32')")
  return targets
}

/**
 * The share of examples (or of the steps of sequences) whose largest output is at the right class.
 *
 * @param options.ignoreIndex targets that do not count, such as padding
 * @returns a metric of outputs (logits or probabilities) `[batch, …, classes]` and targets, int32 `[batch, …]` or one-hot
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { accuracy } from '@grad-ts/nn'
 * const metric = accuracy()
 * const state = metric.update(metric.empty, tensor([[0.1, 0.9], [0.8, 0.2]]), tensor([1, 1], { dtype: 'int32' }))
 * toNumber(metric.result(state)) // => 0.5
 */
export const accuracy = ({ ignoreIndex }: { readonly ignoreIndex?: number } = {}): Metric<MeanState> =>
  sumMetric({
    name: 'accuracy',
    empty: { total: zero, weight: zero },
    contribution: (outputs: Tensor, targets: Tensor, weights) => {
      const classes = classesOf('accuracy', outputs, targets)
      const counted = ignoreIndex === undefined ? undefined : notEqual(classes, ignoreIndex)
      return elementSums('accuracy', cast(equal(argMax(outputs), classes), 'float32'), counted, weights)
    },
    result: ({ total, weight }) => safeRatio(total, weight),
  })

/**
 * The share of elements on the right side of a threshold.
 *
 * @param options.threshold default 0.5, for probabilities; use 0 for logits
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { binaryAccuracy } from '@grad-ts/nn'
 * const metric = binaryAccuracy()
 * toNumber(metric.result(metric.update(metric.empty, tensor([0.2, 0.9]), tensor([0, 0])))) // => 0.5
 */
export const binaryAccuracy = ({ threshold = 0.5 }: { readonly threshold?: number } = {}): Metric<MeanState> =>
  meanOf('binaryAccuracy', (outputs, targets) => {
    sameShapes('binaryAccuracy', outputs, targets)
    return cast(equal(greater(outputs, threshold), greater(cast(targets, 'float32'), 0.5)), 'float32')
  })

/**
 * The share of examples whose right class is among the k largest outputs: fewer than k others are larger.
 *
 * @param options.k default 5
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { topKAccuracy } from '@grad-ts/nn'
 * const metric = topKAccuracy({ k: 2 })
 * toNumber(metric.result(metric.update(metric.empty, tensor([[3, 2, 1], [3, 2, 1]]), tensor([1, 2], { dtype: 'int32' })))) // => 0.5
 */
export const topKAccuracy = ({ k = 5 }: { readonly k?: number } = {}): Metric<MeanState> =>
  meanOf('topKAccuracy', (outputs, targets) => {
    const own = takeAlongAxis(outputs, expandDims(classesOf('topKAccuracy', outputs, targets), -1), -1)
    const ahead = sum(cast(greater(outputs, own), 'float32'), { axes: -1 })
    return cast(less(ahead, k), 'float32')
  })

/**
 * The share of elements that equal their targets, of any dtype.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { exactMatch } from '@grad-ts/nn'
 * const metric = exactMatch()
 * toNumber(metric.result(metric.update(metric.empty, tensor([1, 2], { dtype: 'int32' }), tensor([1, 3], { dtype: 'int32' })))) // => 0.5
 */
export const exactMatch = (): Metric<MeanState> =>
  meanOf('exactMatch', (outputs, targets) => {
    sameShapes('exactMatch', outputs, targets)
    return cast(equal(outputs, cast(targets, outputs.dtype)), 'float32')
  })
