import { add, arange, broadcastTo, cast, lessEqual, reshape, split, tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, floatAttribute, has, intAttribute, optionalAt, optionalFloat, outputCount, tensorAt } from '../../call.ts'
import type { Call, Converter } from '../../call.ts'
import { asBias, attend, joinHeads, splitHeads, sumOf, visible, withPast } from '../attention.ts'
import { rmsNormed } from '../normalise.ts'
import { rotate, rotateAny } from '../rotary.ts'

const headSizes = (call: Call): readonly [number, number] => [intAttribute(call, 'num_heads', 1), intAttribute(call, 'kv_num_heads', 1)]

/** Queries, keys and values by heads; without keys all three lie side by side. */
const operands = (call: Call): readonly [Tensor, Tensor, Tensor] => {
  const [heads, shared] = headSizes(call)
  const query = tensorAt(call, 0)
  if (has(call, 1)) return [splitHeads(query, heads), splitHeads(tensorAt(call, 1), shared), splitHeads(tensorAt(call, 2), shared)]
  const width = (query.shape.at(-1) as number) / (heads + 2 * shared)
  const [q, k, v] = split(query, [heads * width, shared * width, shared * width], 2) as [Tensor, Tensor, Tensor]
  return [splitHeads(q, heads), splitHeads(k, shared), splitHeads(v, shared)]
}

const rotated = (call: Call, x: Tensor, past: number): Tensor => {
  if (intAttribute(call, 'do_rotary', 0) !== 1) return x
  const [batch, , steps] = x.shape as [number, number, number]
  const positions = optionalAt(call, 9) ?? broadcastTo(reshape(add(arange(steps), past), [1, steps]), [batch, steps])
  const interleaved = intAttribute(call, 'rotary_interleaved', 0) === 1
  return rotate(x, { cos: tensorAt(call, 7), sin: tensorAt(call, 8), positions, interleaved })
}

const normed = (call: Call, x: Tensor, i: number): Tensor => {
  const weight = optionalAt(call, i)
  return weight === undefined ? x : rmsNormed(x, -1, floatAttribute(call, 'qk_norm_epsilon', 1e-6), weight)
}

/** A place that takes part in the softmax and has no value. */
const sinkOf = (call: Call, like: Tensor): Tensor | undefined =>
  optionalAt(call, 11) ??
  (intAttribute(call, 'smooth_softmax', -1) === 1 ? tensor(new Float32Array(like.shape[1] as number), { dtype: like.dtype }) : undefined)

/** Causal attention in which groups of query heads share keys and values; all rows of a batch have the same past. */
const groupQueryAttention: Converter = (call) => {
  if (has(call, 12) || has(call, 13)) return fail(call, 'a quantised cache cannot be read')
  const [given, fresh, values] = operands(call)
  const past = optionalAt(call, 3)
  const before = past?.shape[2] ?? 0
  const q = rotated(call, normed(call, given, 14), before)
  const keys = withPast(past, rotated(call, normed(call, fresh, 15), before))
  const all = withPast(optionalAt(call, 4), values)
  const [steps, total, width] = [q.shape[2] as number, keys.shape[2] as number, q.shape[3] as number]
  const causal = intAttribute(call, 'causal', 1) === 1
  // The window counts the query's own place.
  const left = causal ? Math.max(-1, intAttribute(call, 'local_window_size', -1) - 1) : -1
  const seen = visible(steps, total, before, { causal, left })
  const lengths = causal ? undefined : reshape(cast(tensorAt(call, 5), 'int32'), [-1, 1, 1, 1])
  const padding = lengths === undefined ? undefined : lessEqual(arange(total), lengths)
  const { output } = attend(q, keys, all, {
    scale: optionalFloat(call, 'scale') || 1 / Math.sqrt(width),
    softcap: floatAttribute(call, 'softcap', 0),
    sink: sinkOf(call, q),
    bias: sumOf([optionalAt(call, 10), ...[seen, padding].map((mask) => (mask === undefined ? undefined : asBias(mask, q)))]),
  })
  return outputCount(call) === 1 ? joinHeads(output) : [joinHeads(output), keys, all]
}

const rotaryEmbedding: Converter = (call) => {
  const [x, ids, cos, sin] = [tensorAt(call, 0), tensorAt(call, 1), tensorAt(call, 2), tensorAt(call, 3)]
  const flat = x.shape.length === 3
  const [batch, steps] = [x.shape[0] as number, x.shape[flat ? 1 : 2] as number]
  // One number is the place of the first step.
  const positions = ids.shape.length === 1 ? broadcastTo(add(reshape(arange(steps), [1, steps]), cast(ids, 'int32')), [batch, steps]) : ids
  const heads = intAttribute(call, 'num_heads', 0) || (flat ? (x.shape[2] as number) / (2 * (cos.shape[1] as number)) : 1)
  return rotateAny(call, x, heads, { cos, sin, positions, interleaved: intAttribute(call, 'interleaved', 0) === 1 })
}

/** Attention of decoders and what tells it the places of words. */
export const grouped: Readonly<Record<string, Converter>> = {
  GroupQueryAttention: groupQueryAttention,
  RotaryEmbedding: rotaryEmbedding,
}
