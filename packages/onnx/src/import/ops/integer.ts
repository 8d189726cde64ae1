import { add, cast, div, expandDims, mul, node, reshape, sub } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { has, intAttribute, optionalAt, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { convolutionWindow } from './convolution.ts'
import { alongChannels } from './layout.ts'
import { multiply } from './linear.ts'
import { rangeAt, saturated } from './quantise.ts'

/** Products of quantised numbers do not fit half precision. */
const wide = ({ reading }: Call, x: Tensor): Tensor => cast(x, reading.float === 'float64' ? 'float64' : 'float32')

/** A number for each row of a matrix stands beside its rows. */
const perRow = (x: Tensor, factor: Tensor): Tensor =>
  factor.shape.length === 1 && factor.shape[0] !== 1 && x.shape.length > 1 ? expandDims(factor, -1) : factor

const single = (x: Tensor): Tensor => (x.shape.length === 1 && x.shape[0] === 1 ? reshape(x, []) : x)

/** An integer operand less its zero point, as floats. */
const centered = (call: Call, x: Tensor, zero: Tensor | undefined): Tensor =>
  zero === undefined ? wide(call, x) : sub(wide(call, x), wide(call, single(zero)))

const leftAt = (call: Call, i: number, zeroAt: number): Tensor => {
  const [x, zero] = [tensorAt(call, i), optionalAt(call, zeroAt)]
  return centered(call, x, zero === undefined ? undefined : perRow(x, zero))
}

/** The product of integer matrices, in floats: exact up to 2^24. */
export const integerProduct: Converter = (call) => multiply(leftAt(call, 0, 2), centered(call, tensorAt(call, 1), optionalAt(call, 3)))

const convolve = (call: Call, x: Tensor, kernel: Tensor): Tensor => {
  const { strides, dilations, before, after } = convolutionWindow(call, x, kernel)
  return node('conv', [x, kernel], { strides, dilations, before, after, groups: intAttribute(call, 'group', 1) })
}

/** One number for each filter, beside the kernel. */
const perFilter = (kernel: Tensor, factor: Tensor): Tensor =>
  factor.shape.length === 1 && factor.shape[0] !== 1
    ? reshape(factor, [factor.shape[0] as number, ...kernel.shape.slice(1).map(() => 1)])
    : single(factor)

const kernelAt = (call: Call, i: number, zeroAt: number): Tensor => {
  const [kernel, zero] = [tensorAt(call, i), optionalAt(call, zeroAt)]
  return centered(call, kernel, zero === undefined ? undefined : perFilter(kernel, zero))
}

const convInteger: Converter = (call) => convolve(call, centered(call, tensorAt(call, 0), optionalAt(call, 2)), kernelAt(call, 1, 3))

/** From products of quantised numbers to the quantised result, in the order in which runtimes round. */
const rescaled = (call: Call, total: Tensor, scales: Tensor, resultScale: number): Tensor => {
  const scale = single(tensorAt(call, resultScale))
  const zero = optionalAt(call, resultScale + 1)
  return saturated(
    mul(total, wide(call, div(scales, scale))),
    zero === undefined ? undefined : single(zero),
    rangeAt(call, resultScale + 1),
  )
}

const qLinearMatMul: Converter = (call) => {
  const [a, b] = [leftAt(call, 0, 2), centered(call, tensorAt(call, 3), optionalAt(call, 5))]
  const scales = mul(perRow(a, single(tensorAt(call, 1))), single(tensorAt(call, 4)))
  return rescaled(call, multiply(a, b), scales, 6)
}

const qLinearConv: Converter = (call) => {
  const total = convolve(call, centered(call, tensorAt(call, 0), optionalAt(call, 2)), kernelAt(call, 3, 5))
  const biased = has(call, 8) ? add(total, alongChannels(total, cast(tensorAt(call, 8), total.dtype))) : total
  return rescaled(call, biased, mul(single(tensorAt(call, 1)), alongChannels(total, single(tensorAt(call, 4)))), 6)
}

/** Operators on quantised integers, computed in floats. */
export const integers: Readonly<Record<string, Converter>> = {
  ConvInteger: convInteger,
  MatMulInteger: integerProduct,
  QLinearConv: qLinearConv,
  QLinearMatMul: qLinearMatMul,
}
