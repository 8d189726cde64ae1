import {
  abs,
  add,
  arange,
  cast,
  clamp,
  cos,
  cumsum,
  div,
  erf,
  expm1,
  greater,
  maximum,
  minimum,
  mul,
  neg,
  sigmoid,
  softplus,
  sort,
  square,
  sub,
  sum,
  tanh,
  where,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'

export { logSoftmax, relu, sigmoid, softmax, softplus, tanh } from '@grad-ts/tensor'

/**
 * min(max(x, 0), 6).
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { relu6 } from '@grad-ts/nn'
 * toArray(relu6(tensor([-1, 3, 9]))) // => [0, 3, 6]
 */
export const relu6 = (x: Tensor): Tensor => clamp(x, 0, 6)

/**
 * x where positive, slope·x elsewhere (default slope 0.01; Keras: 0.3).
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { leakyRelu } from '@grad-ts/nn'
 * toArray(leakyRelu(tensor([-2, 4]), 0.25)) // => [-0.5, 4]
 */
export const leakyRelu = (x: Tensor, slope = 0.01): Tensor => where(greater(x, 0), x, mul(x, slope))

/**
 * log sigmoid(x), for x of any size.
 *
 * @example
 * import { scalar, toNumber } from '@grad-ts/tensor'
 * import { logSigmoid } from '@grad-ts/nn'
 * toNumber(logSigmoid(scalar(-1e4))) // => -10000
 */
export const logSigmoid = (x: Tensor): Tensor => neg(softplus(neg(x)))

/**
 * x / (1 + |x|).
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { softsign } from '@grad-ts/nn'
 * toArray(softsign(tensor([-1, 3]))) // => [-0.5, 0.75]
 */
export const softsign = (x: Tensor): Tensor => div(x, add(abs(x), 1))

/**
 * x·sigmoid(x), also called swish (Ramachandran et al., 2017, arXiv:1710.05941).
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { silu } from '@grad-ts/nn'
 * toArray(silu(tensor([0]))) // => [0]
 */
export const silu = (x: Tensor): Tensor => mul(x, sigmoid(x))

/**
 * x·tanh(softplus(x)) (Misra, 2019, arXiv:1908.08681).
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { mish } from '@grad-ts/nn'
 * toArray(mish(tensor([0]))) // => [0]
 */
export const mish = (x: Tensor): Tensor => mul(x, tanh(softplus(x)))

/**
 * x·Φ(x) with the normal distribution function Φ, or its tanh approximation (Hendrycks and Gimpel, 2016, arXiv:1606.08415).
 *
 * @param options.approximate default false, as in PyTorch and Keras
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { gelu } from '@grad-ts/nn'
 * toArray(gelu(tensor([0]))) // => [0]
 */
export const gelu = (x: Tensor, { approximate = false }: { readonly approximate?: boolean } = {}): Tensor => {
  if (!approximate) return mul(x, mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5))
  const inner = mul(add(x, mul(mul(square(x), x), 0.044715)), Math.sqrt(2 / Math.PI))
  return mul(mul(x, 0.5), add(tanh(inner), 1))
}

/**
 * x where positive, alpha·(exp x − 1) elsewhere (Clevert et al., 2015, arXiv:1511.07289).
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { elu } from '@grad-ts/nn'
 * toArray(elu(tensor([0]))) // => [0]
 */
export const elu = (x: Tensor, alpha = 1): Tensor => where(greater(x, 0), x, mul(expm1(minimum(x, 0)), alpha))

/**
 * The scaled ELU that keeps mean 0 and variance 1 (Klambauer et al., 2017, arXiv:1706.02515).
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { selu } from '@grad-ts/nn'
 * toArray(selu(tensor([0]))) // => [0]
 */
export const selu = (x: Tensor): Tensor => mul(elu(x, 1.6732632423543772), 1.0507009873554805)

/**
 * max(x, 0) + min(alpha·(exp(x/alpha) − 1), 0) (Barron, 2017, arXiv:1704.07483).
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { celu } from '@grad-ts/nn'
 * toArray(celu(tensor([0]))) // => [0]
 */
export const celu = (x: Tensor, alpha = 1): Tensor => where(greater(x, 0), x, mul(expm1(div(minimum(x, 0), alpha)), alpha))

/**
 * clamp((x + 3) / 6, 0, 1): a sigmoid of straight lines.
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { hardSigmoid } from '@grad-ts/nn'
 * toArray(hardSigmoid(tensor([-3, 0, 3]))) // => [0, 0.5, 1]
 */
export const hardSigmoid = (x: Tensor): Tensor => clamp(add(div(x, 6), 0.5), 0, 1)

/**
 * x·hardSigmoid(x) (Howard et al., 2019, arXiv:1905.02244).
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { hardSilu } from '@grad-ts/nn'
 * toArray(hardSilu(tensor([-3, 0, 3]))) // => [0, 0, 3]
 */
export const hardSilu = (x: Tensor): Tensor => mul(x, hardSigmoid(x))

/**
 * clamp(x, −1, 1).
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { hardTanh } from '@grad-ts/nn'
 * toArray(hardTanh(tensor([-2, 0.5, 2]))) // => [-1, 0.5, 1]
 */
export const hardTanh = (x: Tensor): Tensor => clamp(x, -1, 1)

/**
 * x − tanh(x).
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { tanhShrink } from '@grad-ts/nn'
 * toArray(tanhShrink(tensor([0]))) // => [0]
 */
export const tanhShrink = (x: Tensor): Tensor => sub(x, tanh(x))

/**
 * x where |x| is above the threshold (default 0.5), otherwise 0.
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { hardShrink } from '@grad-ts/nn'
 * toArray(hardShrink(tensor([-2, 0.25]))) // => [-2, 0]
 */
export const hardShrink = (x: Tensor, threshold = 0.5): Tensor => where(greater(abs(x), threshold), x, 0)

/**
 * Moves x towards 0 by the threshold (default 0.5).
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { softShrink } from '@grad-ts/nn'
 * toArray(softShrink(tensor([-2, 0.25]))) // => [-1.5, 0]
 */
export const softShrink = (x: Tensor, threshold = 0.5): Tensor => sub(x, clamp(x, -threshold, threshold))

/**
 * x + (1 − cos 2x) / 2 = x + sin² x (Ziyin et al., 2020, arXiv:2006.08195).
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { snake } from '@grad-ts/nn'
 * toArray(snake(tensor([0]))) // => [0]
 */
export const snake = (x: Tensor): Tensor => add(x, mul(sub(1, cos(mul(x, 2))), 0.5))

/**
 * The distribution nearest to x along the last axis: a softmax that gives exact zeros (Martins and Astudillo, 2016, arXiv:1602.02068).
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { sparsemax } from '@grad-ts/nn'
 * toArray(sparsemax(tensor([1, 0.5, -1]))) // => [0.75, 0.25, 0]
 */
export const sparsemax = (x: Tensor): Tensor => {
  const sorted = sort(x, { descending: true })
  const excess = sub(cumsum(sorted), 1)
  const position = add(arange(x.shape.at(-1) ?? 1, x.dtype), 1)
  const inSupport = cast(greater(mul(position, sorted), excess), x.dtype)
  const size = sum(inSupport, { axes: -1, keepDims: true })
  const threshold = div(sub(sum(mul(inSupport, sorted), { axes: -1, keepDims: true }), 1), size)
  return maximum(sub(x, threshold), 0)
}
