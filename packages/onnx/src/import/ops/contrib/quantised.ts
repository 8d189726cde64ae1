import { add, concat, mean, mul, reshape, sigmoid, softmax, swapAxes, where, cast, less } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { floatAttribute, has, intAttribute, intsAttribute, optionalAt, tensorAt } from '../../call.ts'
import type { Call, Converter } from '../../call.ts'
import { integerProduct } from '../integer.ts'
import { multiply } from '../linear.ts'
import { positionOf } from '../layout.ts'
import { pools } from '../pool.ts'
import { dequantised, dynamicallyQuantised, operandAt, quantised, resultAt } from '../quantise.ts'
import { cells, recurrent } from '../recurrent.ts'
import { projectedAttention } from './attention.ts'
import { channelsFirst, channelsLast } from './fused.ts'

/** A function of quantised operands, three inputs each, whose result is quantised too. */
const through =
  (count: number, fn: (call: Call, ...operands: Tensor[]) => Tensor): Converter =>
  (call) =>
    resultAt(call, fn(call, ...Array.from({ length: count }, (_, i) => operandAt(call, 3 * i))), 3 * count)

const lastChannels = (call: Call): boolean => intAttribute(call, 'channels_last', 0) === 1

/** The same with the channels in front while it works. */
const inFront =
  (fn: (call: Call, x: Tensor) => Tensor) =>
  (call: Call, x: Tensor): Tensor =>
    lastChannels(call) ? channelsLast(fn(call, channelsFirst(x))) : fn(call, x)

const averagePool = (call: Call, x: Tensor): Tensor => (pools['AveragePool'] as Converter)({ ...call, opset: 17, values: [x] }) as Tensor

const globalPool = (_: Call, x: Tensor): Tensor => mean(x, { axes: [...x.shape.keys()].slice(2), keepDims: true })

const slope = (call: Call, x: Tensor): Tensor => where(less(x, 0), mul(x, floatAttribute(call, 'alpha', 0.01)), x)

const meanOver = (call: Call, x: Tensor): Tensor =>
  mean(x, { axes: intsAttribute(call, 'axes') ?? [...x.shape.keys()], keepDims: intAttribute(call, 'keepdims', 1) === 1 })

const softmaxOf = (call: Call, x: Tensor): Tensor => softmax(x, positionOf(call, intAttribute(call, 'axis', -1), x.shape.length))

const joined: Converter = (call) => {
  const parts = Array.from({ length: (call.values.length - 2) / 3 }, (_, i) => operandAt(call, 2 + 3 * i))
  return resultAt(call, concat(parts, positionOf(call, intAttribute(call, 'axis', 0), parts[0]?.shape.length ?? 0)), 0)
}

const chosen: Converter = (call) => resultAt(call, where(tensorAt(call, 0), operandAt(call, 1), operandAt(call, 4)), 7)

/** α·A·B + C of quantised matrices; the result is quantised where it has a scale. */
const gemm: Converter = (call) => {
  const turned = (x: Tensor, name: string): Tensor => (intAttribute(call, name, 0) === 1 ? swapAxes(x) : x)
  const [a, b] = [turned(operandAt(call, 0), 'transA'), turned(operandAt(call, 3, intAttribute(call, 'transB', 0) === 1 ? 0 : 1), 'transB')]
  const product = mul(multiply(a, b), floatAttribute(call, 'alpha', 1))
  const scale = mul(mul(tensorAt(call, 1), tensorAt(call, 4)), floatAttribute(call, 'alpha', 1))
  const total = has(call, 6) ? add(product, mul(cast(tensorAt(call, 6), product.dtype), scale)) : product
  return has(call, 7) ? resultAt(call, total, 7) : total
}

const biased = (call: Call, x: Tensor, i: number): Tensor => (has(call, i) ? add(x, tensorAt(call, i)) : x)

/** Quantises the left operand as it comes. */
const dynamicProduct: Converter = (call) => {
  const left = dynamicallyQuantised(tensorAt(call, 0))
  return biased(call, multiply(left, dequantised(tensorAt(call, 1), tensorAt(call, 2), optionalAt(call, 3))), 4)
}

const productToFloat: Converter = (call) => {
  const [a, b, aScale, bScale, aZero, bZero] = call.values
  const product = integerProduct({ ...call, values: [a, b, aZero, bZero] }) as Tensor
  return biased(call, mul(product, mul(aScale as Tensor, bScale as Tensor)), 6)
}

/** Weights of a recurrent layer, `[directions, inputs, gates]` with a scale for each direction or each gate, as its operator has them. */
const recurrentWeights = (call: Call, i: number, scaleAt: number): Tensor => {
  const beside = (factor: Tensor): Tensor => reshape(factor, [factor.shape[0] as number, 1, -1])
  const zero = optionalAt(call, scaleAt + 1)
  return swapAxes(dequantised(tensorAt(call, i), beside(tensorAt(call, scaleAt)), zero === undefined ? undefined : beside(zero)))
}

const dynamicLstm: Converter = (call) => {
  const [x, , , ...rest] = call.values.slice(0, 8)
  const values = [x, recurrentWeights(call, 1, 8), recurrentWeights(call, 2, 10), ...rest]
  return recurrent(cells.LSTM, dynamicallyQuantised)({ ...call, values })
}

/** Attention on a quantised input: its product with the weights is the only one on integers. */
const quantisedAttention: Converter = (call) => {
  const [x, weight, bias, xScale, weightScale] = [0, 1, 2, 3, 4].map((i) => tensorAt(call, i)) as [Tensor, Tensor, Tensor, Tensor, Tensor]
  const projected = multiply(
    dequantised(x, reshape(xScale, []), optionalAt(call, 6)),
    dequantised(weight, weightScale, optionalAt(call, 7)),
  )
  return projectedAttention(call, add(projected, bias), 5, 8, Number.POSITIVE_INFINITY)
}

/** Operators on quantised tensors: computed in floats between quantisations. */
export const contribQuantised: Readonly<Record<string, Converter>> = {
  DequantizeLinear: quantised['DequantizeLinear'] as Converter,
  DynamicQuantizeLSTM: dynamicLstm,
  DynamicQuantizeMatMul: dynamicProduct,
  MatMulIntegerToFloat: productToFloat,
  QAttention: quantisedAttention,
  QGemm: gemm,
  QLinearAdd: through(2, (_, a, b) => add(a as Tensor, b as Tensor)),
  QLinearAveragePool: through(1, (call, x) => inFront(averagePool)(call, x as Tensor)),
  QLinearConcat: joined,
  QLinearGlobalAveragePool: through(1, (call, x) => inFront(globalPool)(call, x as Tensor)),
  QLinearLeakyRelu: through(1, (call, x) => slope(call, x as Tensor)),
  QLinearMul: through(2, (_, a, b) => mul(a as Tensor, b as Tensor)),
  QLinearReduceMean: through(1, (call, x) => meanOver(call, x as Tensor)),
  QLinearSigmoid: through(1, (_, x) => sigmoid(x as Tensor)),
  QLinearSoftmax: through(1, (call, x) => softmaxOf(call, x as Tensor)),
  QLinearWhere: chosen,
  QuantizeLinear: quantised['QuantizeLinear'] as Converter,
}
