import { square, sub } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { likePredictions, perExample, reduceLoss, sameShapes } from './reduction.ts'
import type { LossOptions } from './reduction.ts'

/** predictions − targets, or the predictions themselves when there are no targets. */
export const errorsOf = (op: string, predictions: Tensor, targets: Tensor | undefined): Tensor => {
  if (targets === undefined) return predictions
  sameShapes(op, predictions, targets)
  return sub(predictions, likePredictions(op, predictions, targets))
}

/**
 * (p − t)² averaged over each example, then over examples.
 *
 * @param predictions float `[batch, …]`
 * @param targets of the same shape
 * @param options.weights `[batch]`
 * @throws {ShapeError} when the shapes differ
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { meanSquaredError } from '@grad-ts/nn'
 * toNumber(meanSquaredError(tensor([[1], [2]]), tensor([[0], [4]]))) // => 2.5
 */
export const meanSquaredError = (predictions: Tensor, targets: Tensor, options: LossOptions = {}): Tensor =>
  reduceLoss(perExample(square(errorsOf('meanSquaredError', predictions, targets))), options, 'meanSquaredError')
