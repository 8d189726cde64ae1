import { elu, gelu, leakyRelu, mish, relu, relu6, selu, sigmoid, silu, tanh } from '@grad-ts/nn'
import { mul, square } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { oneOf } from './fields.ts'

type Activation = (x: Tensor) => Tensor

const exact: Activation = (x) => gelu(x)
const approximate: Activation = (x) => gelu(x, { approximate: true })

/** The activations by the names that configurations use. */
const activations = {
  elu,
  gelu: exact,
  gelu_accurate: approximate,
  gelu_fast: approximate,
  gelu_new: approximate,
  gelu_python: exact,
  gelu_pytorch_tanh: approximate,
  leaky_relu: leakyRelu,
  linear: (x: Tensor) => x,
  mish,
  quick_gelu: (x: Tensor) => mul(x, sigmoid(mul(x, 1.702))),
  relu,
  relu2: (x: Tensor) => square(relu(x)),
  relu6,
  selu,
  sigmoid,
  silu,
  swish: silu,
  tanh,
} as const

export type ActivationName = keyof typeof activations

export const activationName = oneOf(Object.keys(activations) as ActivationName[])

export const activationOf =
  (name: ActivationName): Activation =>
  (x) =>
    activations[name](x)
