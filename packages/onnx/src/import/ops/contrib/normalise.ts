import { add, arange, cast, equal, gather, mean, mul, reshape, rsqrt, sigmoid, square, sum } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, floatAttribute, intAttribute, optionalAt, outputCount, tensorAt } from '../../call.ts'
import type { Call, Converter } from '../../call.ts'
import { groupNormed, layerNormed, normalisations, rmsNormed } from '../normalise.ts'
import { sumOf } from '../attention.ts'
import { channelsFirst, channelsLast } from './fused.ts'

const epsilonOf = (call: Call): number => floatAttribute(call, 'epsilon', 1e-12)

/** The normal form of a residual sum, and the sum itself where it is asked for. */
const withSum = (call: Call, normal: Tensor, total: Tensor): readonly (Tensor | undefined)[] =>
  outputCount(call) < 4 ? [normal] : [normal, undefined, undefined, total]

const skipLayerNorm: Converter = (call) => {
  const total = sumOf([tensorAt(call, 0), tensorAt(call, 1), optionalAt(call, 4)]) as Tensor
  return withSum(call, layerNormed(total, -1, epsilonOf(call), tensorAt(call, 2), optionalAt(call, 3)), total)
}

const skipRmsNorm: Converter = (call) => {
  const total = sumOf([tensorAt(call, 0), tensorAt(call, 1), optionalAt(call, 3)]) as Tensor
  return withSum(call, rmsNormed(total, -1, epsilonOf(call), tensorAt(call, 2)), total)
}

const embedded = (table: Tensor | undefined, ids: Tensor | undefined): Tensor | undefined =>
  table === undefined || ids === undefined ? undefined : gather(table, cast(ids, 'int32'))

/** Words, positions and segments as one sum, normalised; and how many words each row has. */
const embedLayerNorm: Converter = (call) => {
  const ids = tensorAt(call, 0)
  const [batch, steps] = ids.shape as [number, number]
  const positions = optionalAt(call, 8) ?? reshape(arange(steps), [1, steps])
  const total = sumOf([
    embedded(tensorAt(call, 2), ids),
    embedded(tensorAt(call, 3), positions),
    embedded(optionalAt(call, 4), optionalAt(call, 1)),
  ]) as Tensor
  const mask = optionalAt(call, 7)
  const count = mask === undefined ? mul(gather(ids, arange(1), 1), 0) : sum(cast(equal(mask, 1), 'int32'), { axes: 1 })
  return [layerNormed(total, -1, epsilonOf(call), tensorAt(call, 5), tensorAt(call, 6)), reshape(count, [batch]), total]
}

const activatedGroupNorm = (call: Call, x: Tensor): Tensor => {
  const isLast = intAttribute(call, 'channels_last', 1) === 1
  const normal = groupNormed(
    call,
    isLast ? channelsFirst(x) : x,
    intAttribute(call, 'groups', 1),
    floatAttribute(call, 'epsilon', 1e-5),
    tensorAt(call, 1),
    tensorAt(call, 2),
  )
  const y = isLast ? channelsLast(normal) : normal
  return intAttribute(call, 'activation', 0) === 1 ? mul(y, sigmoid(y)) : y
}

const skipGroupNorm: Converter = (call) => {
  const [x, skip, bias] = [tensorAt(call, 0), tensorAt(call, 3), optionalAt(call, 4)]
  if (intAttribute(call, 'channels_last', 1) !== 1) return fail(call, 'expected the channels behind')
  const aligned = skip.shape.length === 2 ? reshape(skip, [skip.shape[0] as number, 1, 1, skip.shape[1] as number]) : skip
  const total = sumOf([x, aligned, bias]) as Tensor
  return [activatedGroupNorm(call, total), total]
}

/** Normalised in groups as long as the scale, then gated. */
const gatedRmsNorm: Converter = (call) => {
  const [x, scale, gate] = [tensorAt(call, 0), tensorAt(call, 1), tensorAt(call, 2)]
  const grouped = reshape(x, [...x.shape.slice(0, -1), -1, scale.shape[0] as number])
  const inverse = rsqrt(add(mean(square(grouped), { axes: -1, keepDims: true }), floatAttribute(call, 'epsilon', 1e-5)))
  return mul(reshape(mul(mul(grouped, inverse), scale), x.shape), mul(gate, sigmoid(gate)))
}

/** Normalisations with the sums that stand before them. */
export const contribNormalisations: Readonly<Record<string, Converter>> = {
  EmbedLayerNormalization: embedLayerNorm,
  GatedRMSNorm: gatedRmsNorm,
  GroupNorm: (call) => activatedGroupNorm(call, tensorAt(call, 0)),
  LayerNormalization: normalisations['LayerNormalization'] as Converter,
  SimplifiedLayerNormalization: normalisations['RMSNormalization'] as Converter,
  SkipGroupNorm: skipGroupNorm,
  SkipLayerNormalization: skipLayerNorm,
  SkipSimplifiedLayerNormalization: skipRmsNorm,
}
