import { bernoulli, broadcastTo, cast, categorical, foldIn, isFloat, key, normal, transpose, uniform } from '@grad-ts/tensor'
import type { FloatDType, Shape, Tensor } from '@grad-ts/tensor'
import { fail, floatAttribute, intAttribute, intsAttribute, optionalInt, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { dtypeOf } from '../elements.ts'
import { elementType } from '../ir.ts'
import { checkShape } from './shape.ts'

/** The numbers of every random node are its own: they follow from the key of the run and the place of the node. */
const nextKey = ({ reading }: Call): Tensor => foldIn(reading.key ?? key(0), reading.drawn.count++)

const dtypeAsked = (call: Call, fallback: Tensor['dtype']): Tensor['dtype'] => {
  const type = optionalInt(call, 'dtype')
  return (type === undefined ? fallback : dtypeOf(type, call.reading.float)) ?? fail(call, 'cannot draw numbers of this type')
}

type Draw = (call: Call, shape: Shape, dtype: FloatDType) => Tensor

const drawNormal: Draw = (call, shape, dtype) =>
  normal(nextKey(call), shape, { mean: floatAttribute(call, 'mean', 0), stddev: floatAttribute(call, 'scale', 1), dtype })

const drawUniform: Draw = (call, shape, dtype) =>
  uniform(nextKey(call), shape, { low: floatAttribute(call, 'low', 0), high: floatAttribute(call, 'high', 1), dtype })

const drawn = (call: Call, draw: Draw, shape: Shape, dtype: Tensor['dtype']): Tensor =>
  isFloat(dtype) ? draw(call, checkShape(call, shape), dtype) : fail(call, 'expected a float type')

const plain =
  (draw: Draw): Converter =>
  (call) =>
    drawn(call, draw, intsAttribute(call, 'shape') ?? [], dtypeAsked(call, dtypeOf(elementType.float, call.reading.float) ?? 'float32'))

const like =
  (draw: Draw): Converter =>
  (call) => {
    const { shape, dtype } = tensorAt(call, 0)
    return drawn(call, draw, shape, dtypeAsked(call, dtype))
  }

const coin: Converter = (call) => {
  const p = tensorAt(call, 0)
  return cast(bernoulli(nextKey(call), p, p.shape), dtypeAsked(call, p.dtype))
}

/** Draws classes from rows of logarithms of weights. */
const multinomial: Converter = (call) => {
  const logits = tensorAt(call, 0)
  const target = checkShape(call, [intAttribute(call, 'sample_size', 1), ...logits.shape])
  return transpose(categorical(nextKey(call), broadcastTo(logits, target)))
}

/** Random operators: their numbers come from a key, never from a hidden state. */
export const randoms: Readonly<Record<string, Converter>> = {
  Bernoulli: coin,
  Multinomial: multinomial,
  RandomNormal: plain(drawNormal),
  RandomNormalLike: like(drawNormal),
  RandomUniform: plain(drawUniform),
  RandomUniformLike: like(drawUniform),
}
