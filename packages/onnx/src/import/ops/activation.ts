import { abs, add, clamp, div, greater, mul, relu, sigmoid, softplus, tanh, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { elu, hardSigmoid, leakyRelu, selu } from './elementwise.ts'

export type Activation = (x: Tensor) => Tensor

type Made = (alpha: number | undefined, beta: number | undefined) => Activation

/** Activations that recurrent and fused operators name, in small letters, with the two numbers that some of them take. */
export const activations: Readonly<Record<string, Made>> = {
  affine:
    (alpha = 1, beta = 0) =>
    (x) =>
      add(mul(x, alpha), beta),
  clip: (low, high) => (x) => clamp(x, low, high),
  elu:
    (alpha = 1) =>
    (x) =>
      elu(x, alpha),
  hardsigmoid:
    (alpha = 0.2, beta = 0.5) =>
    (x) =>
      hardSigmoid(x, alpha, beta),
  hardswish: () => (x) => mul(x, hardSigmoid(x, 1 / 6, 0.5)),
  leakyrelu:
    (alpha = 0.01) =>
    (x) =>
      leakyRelu(x, alpha),
  relu: () => relu,
  scaledtanh:
    (alpha = 1, beta = 1) =>
    (x) =>
      mul(alpha, tanh(mul(x, beta))),
  selu: () => (x) => selu(x),
  sigmoid: () => sigmoid,
  softplus: () => softplus,
  softsign: () => (x) => div(x, add(1, abs(x))),
  tanh: () => tanh,
  thresholdedrelu:
    (alpha = 1) =>
    (x) =>
      where(greater(x, alpha), x, mul(x, 0)),
}
