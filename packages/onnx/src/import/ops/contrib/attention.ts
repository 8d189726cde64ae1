import {
  add,
  and,
  arange,
  cast,
  equal,
  expandDims,
  greaterEqual,
  less,
  not,
  reshape,
  slice,
  sliceAxis,
  split,
  stack,
  transpose,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, floatAttribute, has, intAttribute, intsAttribute, optionalAt, optionalFloat, outputCount, tensorAt } from '../../call.ts'
import type { Call, Converter } from '../../call.ts'
import { asBias, attend, joinHeads, splitHeads, sumOf, visible, withPast } from '../attention.ts'
import { multiply } from '../linear.ts'

/** A mask in one of its forms: lengths of rows, ends and starts of rows, or a number for each key that is not 0 where it counts. */
const shownKeys = (call: Call, mask: Tensor, batch: number, steps: number, total: number): Tensor => {
  const keys = arange(total)
  const perRow = (from: number): Tensor => reshape(sliceAxis(cast(mask, 'int32'), 0, { start: from, end: from + batch }), [batch, 1, 1, 1])
  if (mask.shape.length === 1) {
    const end = less(keys, perRow(0))
    return mask.shape[0] === 2 * batch ? and(end, greaterEqual(keys, perRow(batch))) : end
  }
  const counts = not(equal(mask, 0))
  if (mask.shape.length === 2) return reshape(counts, [batch, 1, 1, total])
  if (mask.shape.length === 3) return expandDims(counts, 1)
  return mask.shape.length === 4
    ? slice(counts, [null, null, { start: total - steps, end: total }, { end: total }])
    : fail(call, `a mask of rank ${mask.shape.length} cannot be read`)
}

interface Heads {
  readonly q: Tensor
  readonly k: Tensor
  readonly v: Tensor
}

interface Hints {
  readonly mask: Tensor | undefined
  readonly bias: Tensor | undefined
  /** How many keys stand before the first query. */
  readonly past: number
}

/** Attention over heads with the masks that this family of operators has. */
const attendMasked = (call: Call, { q, k, v }: Heads, { mask, bias, past }: Hints): Tensor => {
  const [batch, , steps, width] = q.shape as [number, number, number, number]
  const total = k.shape[2] as number
  const hidden = floatAttribute(call, 'mask_filter_value', -10_000)
  const causal = visible(steps, total, past, { causal: intAttribute(call, 'unidirectional', 0) === 1 })
  const { output } = attend(q, k, v, {
    scale: optionalFloat(call, 'scale') ?? 1 / Math.sqrt(width),
    bias: sumOf([
      bias,
      mask === undefined ? undefined : asBias(shownKeys(call, mask, batch, steps, total), q, hidden),
      causal === undefined ? undefined : asBias(causal, q),
    ]),
  })
  return joinHeads(output)
}

const partsOf = (x: Tensor, lengths: readonly number[]): Tensor[] => split(x, lengths, x.shape.length - 1)

/** Keys or values of earlier steps, from a tensor that holds both. */
const pastOf = (past: Tensor | undefined, i: number): Tensor | undefined =>
  past === undefined ? undefined : reshape(sliceAxis(past, 0, { start: i, end: i + 1 }), past.shape.slice(1))

/** Attention whose operands are already projected, `[batch, steps, queries + keys + values]`. */
export const projectedAttention = (
  call: Call,
  projected: Tensor,
  maskAt: number,
  pastAt: number,
  biasAt: number,
): ReturnType<Converter> => {
  if (intAttribute(call, 'do_rotary', 0) === 1) return fail(call, 'rotary embeddings inside cannot be read')
  const heads = intAttribute(call, 'num_heads', 1)
  const third = (projected.shape.at(-1) as number) / 3
  const [q, k, v] = partsOf(projected, intsAttribute(call, 'qkv_hidden_sizes') ?? [third, third, third]).map((x) =>
    splitHeads(x, heads),
  ) as [Tensor, Tensor, Tensor]
  const past = optionalAt(call, pastAt)
  const [keys, values] = [withPast(pastOf(past, 0), k), withPast(pastOf(past, 1), v)]
  const hints = { mask: optionalAt(call, maskAt), bias: optionalAt(call, biasAt), past: (keys.shape[2] as number) - (k.shape[2] as number) }
  const output = attendMasked(call, { q, k: keys, v: values }, hints)
  return outputCount(call) === 1 ? output : [output, stack([keys, values])]
}

const selfAttention: Converter = (call) => {
  const product = multiply(tensorAt(call, 0), tensorAt(call, 1))
  return projectedAttention(call, has(call, 2) ? add(product, tensorAt(call, 2)) : product, 3, 4, 5)
}

/** `[batch, steps, heads, parts, width]` as so many `[batch, heads, steps, width]`. */
const unpacked = (x: Tensor): Tensor[] => {
  const [batch, steps, heads, count, width] = x.shape as [number, number, number, number, number]
  const turned = transpose(x, [3, 0, 2, 1, 4])
  return Array.from({ length: count }, (_, i) => reshape(sliceAxis(turned, 0, { start: i, end: i + 1 }), [batch, heads, steps, width]))
}

/** Operands as they come: three tensors, keys and values in one, all in one, or keys and values that already have heads. */
const headsOf = (call: Call): Heads => {
  const heads = intAttribute(call, 'num_heads', 1)
  const [query, key, value, bias] = [tensorAt(call, 0), optionalAt(call, 1), optionalAt(call, 2), optionalAt(call, 3)]
  if (query.shape.length === 5) {
    const [q, k, v] = unpacked(query) as [Tensor, Tensor, Tensor]
    return { q, k, v }
  }
  const hidden = query.shape.at(-1) as number
  const biases = bias === undefined ? [] : partsOf(bias, [hidden, hidden, (bias.shape[0] as number) - 2 * hidden])
  const own = (x: Tensor, i: number): Tensor => splitHeads(biases[i] === undefined ? x : add(x, biases[i]), heads)
  const q = own(query, 0)
  if (key?.shape.length === 5) {
    const [k, v] = unpacked(key) as [Tensor, Tensor]
    return { q, k, v }
  }
  const [k, v] = [key ?? fail(call, 'expected keys'), value ?? fail(call, 'expected values')]
  return { q, k: k.shape.length === 4 ? k : own(k, 1), v: v.shape.length === 4 ? v : own(v, 2) }
}

const multiHeadAttention: Converter = (call) => {
  const { q, k, v } = headsOf(call)
  const [keys, values] = [withPast(optionalAt(call, 6), k), withPast(optionalAt(call, 7), v)]
  const hints = { mask: optionalAt(call, 4), bias: optionalAt(call, 5), past: (keys.shape[2] as number) - (k.shape[2] as number) }
  const output = attendMasked(call, { q, k: keys, v: values }, hints)
  return outputCount(call) === 1 ? output : [output, keys, values]
}

/** Attention as ONNX Runtime joins it. */
export const contribAttentions: Readonly<Record<string, Converter>> = {
  Attention: selfAttention,
  MultiHeadAttention: multiHeadAttention,
}
