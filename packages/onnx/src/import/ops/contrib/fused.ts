import { add, mul, swapAxes, transpose } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, floatAttribute, floatsAttribute, intAttribute, optionalAt, stringAttribute, tensorAt } from '../../call.ts'
import type { Call, Converter } from '../../call.ts'
import { activations } from '../activation.ts'
import { convolutions } from '../convolution.ts'
import { gelu } from '../elementwise.ts'
import { linear, multiply } from '../linear.ts'
import { pools } from '../pool.ts'

const activated = (call: Call, x: Tensor, alpha: number | undefined, beta: number | undefined): Tensor => {
  const name = stringAttribute(call, 'activation', '')
  if (name === '') return x
  return (activations[name.toLowerCase()] ?? fail(call, `activation '${name}' is not known`))(alpha, beta)(x)
}

const only = (result: ReturnType<Converter>): Tensor => (Array.isArray(result) ? result[0] : result) as Tensor

/** A convolution, an optional summand and an activation. */
const fusedConv: Converter = (call) => {
  const y = only((convolutions['Conv'] as Converter)(call))
  const summand = optionalAt(call, 3)
  const [alpha, beta] = floatsAttribute(call, 'activation_params') ?? []
  return activated(call, summand === undefined ? y : add(y, summand), alpha, beta)
}

const parameters = (call: Call): readonly [number | undefined, number | undefined] => [
  call.node.attributes.has('activation_alpha') ? floatAttribute(call, 'activation_alpha', 0) : undefined,
  call.node.attributes.has('activation_beta') ? floatAttribute(call, 'activation_beta', 0) : undefined,
]

const fusedGemm: Converter = (call) => activated(call, only((linear['Gemm'] as Converter)(call)), ...parameters(call))

/** The first axis in front of the last but one: what `transBatch…` turns around. */
const batchTurned = (x: Tensor): Tensor => {
  const axes = [...x.shape.keys()]
  return transpose(x, [...axes.slice(1, -1), 0, axes.length - 1])
}

const factor = (call: Call, i: number, name: 'A' | 'B'): Tensor => {
  const x = tensorAt(call, i)
  const turned = intAttribute(call, `transBatch${name}`, 0) === 1 ? batchTurned(x) : x
  return intAttribute(call, `trans${name}`, 0) === 1 && x.shape.length > 1 ? swapAxes(turned) : turned
}

const product: Converter = (call) => {
  const y = multiply(factor(call, 0, 'A'), factor(call, 1, 'B'))
  const alpha = floatAttribute(call, 'alpha', 1)
  return alpha === 1 ? y : mul(y, alpha)
}

const gemmGelu: Converter = (call) => {
  const y = multiply(tensorAt(call, 0), tensorAt(call, 1))
  const bias = optionalAt(call, 2)
  return gelu(bias === undefined ? y : add(y, bias), true)
}

const axesOf = (x: Tensor): number[] => [...x.shape.keys()]
export const channelsFirst = (x: Tensor): Tensor => transpose(x, [0, x.shape.length - 1, ...axesOf(x).slice(1, -1)])
export const channelsLast = (x: Tensor): Tensor => transpose(x, [0, ...axesOf(x).slice(2), 1])

/** The same operator with the channels behind. */
const nhwc =
  (converter: Converter): Converter =>
  (call) =>
    channelsLast(only(converter({ ...call, values: [channelsFirst(tensorAt(call, 0)), ...call.values.slice(1)] })))

/** Products and convolutions with what follows them. */
export const fused: Readonly<Record<string, Converter>> = {
  FusedConv: fusedConv,
  FusedGemm: fusedGemm,
  FusedMatMul: product,
  FusedMatMulActivation: (call) => activated(call, only(product(call)), ...parameters(call)),
  GemmFastGelu: gemmGelu,
  NhwcConv: nhwc(convolutions['Conv'] as Converter),
  NhwcFusedConv: nhwc(fusedConv),
  NhwcMaxPool: nhwc(pools['MaxPool'] as Converter),
  TransposeMatMul: product,
}
