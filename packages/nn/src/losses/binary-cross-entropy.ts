import { add, clamp, log, mul, neg, sub } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { logSigmoid } from '../activations.ts'
import { likePredictions, perExample, reduceLoss, sameShapes } from './reduction.ts'
import type { LossOptions } from './reduction.ts'

/**
 * −t·log p − (1 − t)·log(1 − p) from probabilities, averaged over each example. Probabilities are kept 1e-7 away from 0 and 1, as in Keras.
 * Prefer `sigmoidBinaryCrossEntropy`, which takes logits and needs no clipping.
 *
 * @param predictions float `[batch, …]`, from 0 to 1
 * @param targets of the same shape, from 0 to 1; bool and int32 are converted
 * @param options.weights `[batch]`
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { binaryCrossEntropy } from '@grad-ts/nn'
 * toNumber(binaryCrossEntropy(tensor([0.5]), tensor([1]))) // => 0.6931471824645996
 */
export const binaryCrossEntropy = (
  predictions: Tensor,
  targets: Tensor,
  options: LossOptions & { readonly epsilon?: number } = {},
): Tensor => {
  const op = 'binaryCrossEntropy'
  const { epsilon = 1e-7, ...reduce } = options
  sameShapes(op, predictions, targets)
  const t = likePredictions(op, predictions, targets)
  const p = clamp(predictions, epsilon, 1 - epsilon)
  const values = neg(add(mul(t, log(p)), mul(sub(1, t), log(sub(1, p)))))
  return reduceLoss(perExample(values), reduce, op)
}

/**
 * Binary cross entropy from logits, elementwise and exact for logits of any size.
 *
 * @param logits float, any shape
 * @param labels of the same shape, from 0 to 1; bool and int32 are converted
 * @param options.positiveWeight multiplies the loss of positive labels, to balance rare ones (default 1)
 * @returns with reduction `none`, one value per element
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { sigmoidBinaryCrossEntropy } from '@grad-ts/nn'
 * toNumber(sigmoidBinaryCrossEntropy(tensor([-1e4]), tensor([1]))) // => 10000
 */
export const sigmoidBinaryCrossEntropy = (
  logits: Tensor,
  labels: Tensor,
  options: LossOptions & { readonly positiveWeight?: number | Tensor } = {},
): Tensor => {
  const op = 'sigmoidBinaryCrossEntropy'
  const { positiveWeight = 1, ...reduce } = options
  sameShapes(op, logits, labels)
  const t = likePredictions(op, logits, labels)
  const positive = mul(mul(t, logSigmoid(logits)), positiveWeight)
  return reduceLoss(neg(add(positive, mul(sub(1, t), logSigmoid(neg(logits))))), reduce, op)
}
