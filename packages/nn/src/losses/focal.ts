import { add, exp, expm1, log, logSumExp, maximum, mul, neg, square, stack, sub, sum } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { logSigmoid, logSoftmax } from '../activations.ts'
import { likePredictions, reduceLoss, sameShapes } from './reduction.ts'
import type { LossOptions } from './reduction.ts'

export interface FocalOptions extends LossOptions {
  /** How fast the weight of easy examples falls, default 2. */
  readonly gamma?: number
}

/**
 * −(1 − p_t)^gamma·log p_t from logits, elementwise: binary cross entropy that leaves easy examples aside.
 *
 * @param logits float, any shape
 * @param labels of the same shape, from 0 to 1; bool and int32 are converted
 * @param options.alpha weight of positive labels, against 1 − alpha of negative ones (default: no weights)
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { sigmoidFocalLoss } from '@grad-ts/nn'
 * toNumber(sigmoidFocalLoss(tensor([0]), tensor([1]), { gamma: 0 })) // => 0.6931471824645996
 * @see Lin et al., Focal loss for dense object detection, 2017, arXiv:1708.02002
 */
export const sigmoidFocalLoss = (logits: Tensor, labels: Tensor, options: FocalOptions & { readonly alpha?: number } = {}): Tensor => {
  const op = 'sigmoidFocalLoss'
  const { gamma = 2, alpha, ...reduce } = options
  sameShapes(op, logits, labels)
  const t = likePredictions(op, logits, labels)
  const u = sub(1, t)
  const [logP, logQ] = [logSigmoid(logits), logSigmoid(neg(logits))]
  const crossEntropy = neg(add(mul(t, logP), mul(u, logQ)))
  // log(1 − p_t) in logarithms throughout, so that the power neither underflows nor loses its gradient.
  const logMiss = logSumExp(stack([add(log(u), logP), add(log(t), logQ)]), { axes: 0 })
  const values = mul(crossEntropy, exp(mul(logMiss, gamma)))
  return reduceLoss(alpha === undefined ? values : mul(values, add(mul(t, alpha), mul(u, 1 - alpha))), reduce, op)
}

/**
 * −Σ t·(1 − p)^gamma·log p from logits, one value per example.
 *
 * @param logits float `[…, classes]`
 * @param labels one-hot or soft, of the same shape
 * @param options.classWeights `[classes]` (default: all 1)
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { softmaxFocalLoss } from '@grad-ts/nn'
 * toNumber(softmaxFocalLoss(tensor([[1, 1]]), tensor([[0, 1]]), { gamma: 0 })) // => 0.6931471824645996
 */
export const softmaxFocalLoss = (
  logits: Tensor,
  labels: Tensor,
  options: FocalOptions & { readonly classWeights?: Tensor } = {},
): Tensor => {
  const op = 'softmaxFocalLoss'
  const { gamma = 2, classWeights = 1, ...reduce } = options
  sameShapes(op, logits, labels)
  const t = likePredictions(op, logits, labels)
  const logP = logSoftmax(logits)
  const miss = neg(expm1(logP))
  const focus = gamma === 2 ? square(miss) : exp(mul(log(maximum(miss, 1e-30)), gamma))
  return reduceLoss(neg(sum(mul(mul(mul(t, focus), logP), classWeights), { axes: -1 })), reduce, op)
}
