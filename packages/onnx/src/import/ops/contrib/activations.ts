import { add, mul, reshape, sigmoid, softmax, split } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { floatAttribute, intAttribute, optionalAt, tensorAt } from '../../call.ts'
import type { Call, Converter } from '../../call.ts'
import { gelu } from '../elementwise.ts'
import { positionOf } from '../layout.ts'

const biased = (call: Call): Tensor => {
  const bias = optionalAt(call, 1)
  return bias === undefined ? tensorAt(call, 0) : add(tensorAt(call, 0), bias)
}

const quickGelu: Converter = (call) => mul(tensorAt(call, 0), sigmoid(mul(tensorAt(call, 0), floatAttribute(call, 'alpha', 1.702))))

/** The first half of the channels times the GELU of the second. */
const splitGelu: Converter = (call) => {
  const x = biased(call)
  const half = (x.shape.at(-1) as number) / 2
  const [left, right] = split(x, [half, half], x.shape.length - 1) as [Tensor, Tensor]
  return mul(left, gelu(right, false))
}

/** All axes from the given one on are one long axis. */
const biasSoftmax: Converter = (call) => {
  const x = add(tensorAt(call, 0), tensorAt(call, 1))
  const axis = positionOf(call, intAttribute(call, 'axis', 1), x.shape.length)
  return softmaxFrom(x, axis)
}

const softmaxFrom = (x: Tensor, axis: number): Tensor => {
  if (axis === x.shape.length - 1) return softmax(x, -1)
  const size = x.shape.slice(axis).reduce((product, length) => product * length, 1)
  return reshape(softmax(reshape(x, [-1, size]), -1), x.shape)
}

/** Activations with what stands before them, as optimisers join them. */
export const activations: Readonly<Record<string, Converter>> = {
  BiasAdd: (call) => add(biased(call), tensorAt(call, 2)),
  BiasGelu: (call) => gelu(biased(call), false),
  BiasSoftmax: biasSoftmax,
  BiasSplitGelu: splitGelu,
  FastGelu: (call) => gelu(biased(call), true),
  Gelu: (call) => gelu(tensorAt(call, 0), false),
  QuickGelu: quickGelu,
}
