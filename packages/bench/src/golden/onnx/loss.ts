import { abs, add, exp, expandDims, log1p, logSumExp, maximum, mean, mul, neg, square, squeeze, sub, takeAlongAxis } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { LossKind } from './fixture.ts'

/** The losses of the fixtures, all means. */
export const losses: Readonly<Record<LossKind, (z: Tensor, target: Tensor) => Tensor>> = {
  mse: (z, target) => mean(square(sub(z, target))),
  softmaxCrossEntropy: (z, target) => mean(sub(logSumExp(z, { axes: -1 }), squeeze(takeAlongAxis(z, expandDims(target, -1)), -1))),
  bceWithLogits: (z, target) => mean(add(sub(maximum(z, 0), mul(z, target)), log1p(exp(neg(abs(z)))))),
}
