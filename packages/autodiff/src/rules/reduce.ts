import { and, broadcastTo, cast, cumsum, div, equal, mul, prod, reshape, sum, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { GradientRules } from './rule.ts'

type Reduction = Tensor<'sum'> | Tensor<'max'> | Tensor<'min'> | Tensor<'prod'>

/** Gives a reduced tensor back its joined axes, with length 1. */
const kept = (x: Tensor, node: Reduction): Tensor => {
  const { axes } = node.attributes
  const shape = (node.inputs[0] as Tensor).shape.map((length, axis) => (axes.includes(axis) ? 1 : length))
  return reshape(x, shape)
}

/** The cotangent goes to the extreme elements; where several tie, they share it equally. */
const extreme = (cotangent: Tensor, node: Tensor<'max'> | Tensor<'min'>): [Tensor] => {
  const [x] = node.inputs as [Tensor]
  const winners = cast(equal(x, kept(node, node)), x.dtype)
  const count = sum(winners, { axes: node.attributes.axes, keepDims: true })
  return [mul(winners, div(kept(cotangent, node), count))]
}

/** The product of all other elements: the whole product divided by each, with zeros counted apart so that none is divided by. */
const productOfOthers = (x: Tensor, axes: readonly number[]): Tensor => {
  const isZero = equal(x, 0)
  const nonZero = where(isZero, 1, x)
  const zeroCount = sum(cast(isZero, x.dtype), { axes, keepDims: true })
  const product = prod(nonZero, { axes, keepDims: true })
  return where(equal(zeroCount, 0), div(product, nonZero), where(and(equal(zeroCount, 1), isZero), product, 0))
}

export const reductions: GradientRules<'sum' | 'max' | 'min' | 'prod' | 'argMax' | 'argMin' | 'cumsum'> = {
  sum: (cotangent, node) => [broadcastTo(kept(cotangent, node), (node.inputs[0] as Tensor).shape)],
  max: extreme,
  min: extreme,
  prod: (cotangent, node) => [mul(kept(cotangent, node), productOfOthers(node.inputs[0] as Tensor, node.attributes.axes))],
  argMax: () => [null],
  argMin: () => [null],
  cumsum: (cotangent, { attributes }) => [cumsum(cotangent, { ...attributes, reverse: !attributes.reverse })],
}
