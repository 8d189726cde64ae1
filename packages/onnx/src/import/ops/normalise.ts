import { abs, add, div, equal, mean, mul, pad, pow, reshape, rsqrt, sizeOf, slice, sqrt, square, sub, sum, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, floatAttribute, intAttribute, intsAttribute, optionalAt, outputCount, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { alongChannels, positionOf } from './layout.ts'

const from = (x: Tensor, axis: number): number[] => [...x.shape.keys()].slice(axis)

interface Moments {
  readonly centered: Tensor
  readonly mean: Tensor
  readonly variance: Tensor
}

/** Mean and biased variance over axes, kept with length 1. */
const momentsOf = (x: Tensor, axes: readonly number[]): Moments => {
  const average = mean(x, { axes, keepDims: true })
  const centered = sub(x, average)
  return { centered, mean: average, variance: mean(square(centered), { axes, keepDims: true }) }
}

const standardise = (x: Tensor, axes: readonly number[], epsilon: number): Tensor => {
  const { centered, variance } = momentsOf(x, axes)
  return mul(centered, rsqrt(add(variance, epsilon)))
}

/** With the statistics of the batch, and new running ones: momentum times the old plus the rest of the new. */
const trainBatchNorm = (call: Call, x: Tensor, epsilon: number): Tensor[] => {
  const momentum = floatAttribute(call, 'momentum', 0.9)
  const axes = [0, ...from(x, 2)]
  const { centered, mean: average, variance } = momentsOf(x, axes)
  const scaled = mul(mul(centered, rsqrt(add(variance, epsilon))), alongChannels(x, tensorAt(call, 1)))
  const blend = (old: Tensor, fresh: Tensor): Tensor => add(mul(old, momentum), mul(reshape(fresh, old.shape), 1 - momentum))
  const next = [blend(tensorAt(call, 3), average), blend(tensorAt(call, 4), variance)] as const
  const [, , , meanName, varianceName] = call.node.inputs
  call.reading.statistics.set(meanName as string, next[0])
  call.reading.statistics.set(varianceName as string, next[1])
  return [add(scaled, alongChannels(x, tensorAt(call, 2))), ...next]
}

const batchNorm: Converter = (call) => {
  const x = tensorAt(call, 0)
  const epsilon = floatAttribute(call, 'epsilon', 1e-5)
  const [scale, shift, average, variance] = [1, 2, 3, 4].map((i) => tensorAt(call, i)) as [Tensor, Tensor, Tensor, Tensor]
  const channels = x.shape[1] ?? 1
  if ([scale, shift, average, variance].some(({ shape }) => shape.length !== 1 || shape[0] !== channels))
    return fail(call, `expected scale, bias, mean and variance of shape [${channels}]`)
  if (call.reading.training) return trainBatchNorm(call, x, epsilon)
  const factor = mul(scale, rsqrt(add(variance, epsilon)))
  return [add(mul(sub(x, alongChannels(x, average)), alongChannels(x, factor)), alongChannels(x, shift)), average, variance]
}

const scaledBy = (normal: Tensor, scale: Tensor, bias: Tensor | undefined): Tensor => {
  const scaled = mul(normal, scale)
  return bias === undefined ? scaled : add(scaled, bias)
}

const layerMoments = (x: Tensor, axis: number, epsilon: number) => {
  const { centered, mean: average, variance } = momentsOf(x, from(x, axis))
  return { centered, average, inverse: rsqrt(add(variance, epsilon)) }
}

/** Layer normalisation over the axes from one on. */
export const layerNormed = (x: Tensor, axis: number, epsilon: number, scale: Tensor, bias: Tensor | undefined): Tensor => {
  const { centered, inverse } = layerMoments(x, axis, epsilon)
  return scaledBy(mul(centered, inverse), scale, bias)
}

const layerNorm: Converter = (call) => {
  const x = tensorAt(call, 0)
  const axis = positionOf(call, intAttribute(call, 'axis', -1), x.shape.length)
  const { centered, average, inverse } = layerMoments(x, axis, floatAttribute(call, 'epsilon', 1e-5))
  return [scaledBy(mul(centered, inverse), tensorAt(call, 1), optionalAt(call, 2)), average, inverse]
}

const inverseRoot = (x: Tensor, axis: number, epsilon: number): Tensor =>
  rsqrt(add(mean(square(x), { axes: from(x, axis), keepDims: true }), epsilon))

/** x / √(mean x² + ε), scaled. */
export const rmsNormed = (x: Tensor, axis: number, epsilon: number, scale: Tensor): Tensor =>
  mul(mul(x, inverseRoot(x, axis, epsilon)), scale)

const rmsNorm: Converter = (call) => {
  const x = tensorAt(call, 0)
  const axis = positionOf(call, intAttribute(call, 'axis', -1), x.shape.length)
  const inverse = inverseRoot(x, axis, floatAttribute(call, 'epsilon', 1e-5))
  const y = mul(mul(x, inverse), tensorAt(call, 1))
  return outputCount(call) < 2 ? y : [y, inverse]
}

const instanceNorm: Converter = (call) => {
  const x = tensorAt(call, 0)
  const normal = standardise(x, from(x, 2), floatAttribute(call, 'epsilon', 1e-5))
  return add(mul(normal, alongChannels(x, tensorAt(call, 1))), alongChannels(x, tensorAt(call, 2)))
}

/** Groups of channels, normalised; scale and bias are per group in opset 18, per channel since 21. */
export const groupNormed = (call: Call, x: Tensor, groups: number, epsilon: number, scale: Tensor, bias: Tensor): Tensor => {
  const [batch, channels, ...spatial] = x.shape as [number, number, ...number[]]
  if (channels % groups !== 0) return fail(call, `${channels} channels do not divide into ${groups} groups`)
  const grouped = reshape(x, [batch, groups, channels / groups, sizeOf(spatial)])
  const normal = standardise(grouped, [2, 3], epsilon)
  if (scale.shape[0] === channels) return add(mul(reshape(normal, x.shape), alongChannels(x, scale)), alongChannels(x, bias))
  const perGroup = (vector: Tensor): Tensor => reshape(vector, [groups, 1, 1])
  return reshape(add(mul(normal, perGroup(scale)), perGroup(bias)), x.shape)
}

const groupNorm: Converter = (call) =>
  groupNormed(
    call,
    tensorAt(call, 0),
    intAttribute(call, 'num_groups', 1),
    floatAttribute(call, 'epsilon', 1e-5),
    tensorAt(call, 1),
    tensorAt(call, 2),
  )

const meanVarianceNorm: Converter = (call) => standardise(tensorAt(call, 0), intsAttribute(call, 'axes') ?? [0, 2, 3], 1e-9)

/** Each channel divided by a power of the squares of its neighbours. */
const localResponseNorm: Converter = (call) => {
  const x = tensorAt(call, 0)
  const size = intAttribute(call, 'size', 1)
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)]
  const squares = pad(
    square(x),
    x.shape.map((_, axis) => (axis === 1 ? [before, after] : [0, 0]) as readonly [number, number]),
  )
  const channels = x.shape[1] as number
  if (size < 1 || size > 1024) return fail(call, `a window of ${size} channels cannot be read`)
  const windows = Array.from({ length: size }, (_, i) => slice(squares, [null, { start: i, end: i + channels }]))
  const total = windows.reduce((left, right) => add(left, right))
  const base = add(mul(total, floatAttribute(call, 'alpha', 1e-4) / size), floatAttribute(call, 'bias', 1))
  return div(x, pow(base, floatAttribute(call, 'beta', 0.75)))
}

const lpNorm: Converter = (call) => {
  const x = tensorAt(call, 0)
  const axes = positionOf(call, intAttribute(call, 'axis', -1), x.shape.length)
  const length = intAttribute(call, 'p', 2) === 1 ? sum(abs(x), { axes, keepDims: true }) : sqrt(sum(square(x), { axes, keepDims: true }))
  // A vector of zeros stays one.
  return div(x, where(equal(length, 0), 1, length))
}

/** Normalisations, written out in means and products. */
export const normalisations: Readonly<Record<string, Converter>> = {
  BatchNormalization: batchNorm,
  GroupNormalization: groupNorm,
  InstanceNormalization: instanceNorm,
  LRN: localResponseNorm,
  LayerNormalization: layerNorm,
  LpNormalization: lpNorm,
  MeanVarianceNormalization: meanVarianceNorm,
  RMSNormalization: rmsNorm,
  SimplifiedLayerNormalization: rmsNorm,
}
