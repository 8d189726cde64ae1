import {
  add,
  and,
  arange,
  broadcastTo,
  cast,
  concat,
  expandDims,
  greaterEqual,
  less,
  lessEqual,
  matmul,
  max,
  mul,
  pad,
  reshape,
  sizeOf,
  sliceAxis,
  softmax,
  sub,
  tanh,
  tensor,
  transpose,
  where,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, floatAttribute, intAttribute, optionalAt, optionalFloat, optionalInt, outputCount, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'

/** `[batch, steps, heads · width]` as `[batch, heads, steps, width]`. */
export const splitHeads = (x: Tensor, heads: number): Tensor => {
  const [batch, steps, hidden] = x.shape as [number, number, number]
  return transpose(reshape(x, [batch, steps, heads, hidden / heads]), [0, 2, 1, 3])
}

/** The way back of `splitHeads`. */
export const joinHeads = (x: Tensor): Tensor => {
  const [batch, heads, steps, width] = x.shape as [number, number, number, number]
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, steps, heads * width])
}

/** Each head several times in a row, for queries that share keys and values. */
export const repeatHeads = (x: Tensor, times: number): Tensor => {
  if (times === 1) return x
  const [batch, heads, steps, width] = x.shape as [number, number, number, number]
  return reshape(broadcastTo(expandDims(x, 2), [batch, heads, times, steps, width]), [batch, heads * times, steps, width])
}

/** 0 where a mask is true, −∞ (or another number) elsewhere: what is added to scores. */
export const asBias = (mask: Tensor, like: Tensor, hidden = Number.NEGATIVE_INFINITY): Tensor =>
  where(mask, tensor(0, { dtype: like.dtype }), tensor(hidden, { dtype: like.dtype }))

export const sumOf = (biases: readonly (Tensor | undefined)[]): Tensor | undefined => {
  const [first, ...rest] = biases.filter((bias) => bias !== undefined)
  return first === undefined ? undefined : rest.reduce<Tensor>((total, bias) => add(total, bias), first)
}

export interface Scored {
  readonly scale: number
  /** Scores are bent to at most this size; 0 leaves them. */
  readonly softcap?: number
  /** Added to the scores, of a shape that broadcasts to theirs. */
  readonly bias?: Tensor | undefined
  /** For each head a score that takes part in the softmax and stands for no key. */
  readonly sink?: Tensor | undefined
  /** A row of the bias may be −∞ all over; its probabilities are then 0. */
  readonly mayHideAll?: boolean
}

interface Attended {
  readonly output: Tensor
  readonly raw: Tensor
  readonly capped: Tensor
  readonly biased: Tensor
  readonly probabilities: Tensor
}

const softmaxBeside = (scores: Tensor, sink: Tensor): Tensor => {
  const [batch, heads, steps, total] = scores.shape as [number, number, number, number]
  const column = broadcastTo(reshape(cast(sink, scores.dtype), [1, heads, 1, 1]), [batch, heads, steps, 1])
  return sliceAxis(softmax(concat([scores, column], 3), -1), 3, { end: total })
}

/** softmax(q·kᵀ·scale + bias)·v over `[batch, heads, steps, width]`. */
export const attend = (q: Tensor, k: Tensor, v: Tensor, { scale, softcap = 0, bias, sink, mayHideAll = false }: Scored): Attended => {
  const times = (q.shape[1] as number) / (k.shape[1] as number)
  const raw = matmul(mul(q, scale), repeatHeads(k, times), { transposeB: true })
  const capped = softcap === 0 ? raw : mul(tanh(mul(raw, 1 / softcap)), softcap)
  const biased = bias === undefined ? capped : add(capped, bias)
  const hidden =
    bias === undefined || !mayHideAll ? undefined : lessEqual(max(bias, { axes: -1, keepDims: true }), Number.NEGATIVE_INFINITY)
  // A row of −∞ has no softmax; any other will do, as it counts for nothing.
  const safe = hidden === undefined ? biased : add(capped, where(hidden, 0, bias as Tensor))
  const soft = sink === undefined ? softmax(safe, -1) : softmaxBeside(safe, sink)
  const probabilities = hidden === undefined ? soft : where(hidden, 0, soft)
  return { output: matmul(probabilities, repeatHeads(v, times)), raw, capped, biased, probabilities }
}

/** Places of queries `[…, steps, 1]` counted from the first key: the offset is a number, or one for each of the batch. */
const placesOf = (steps: number, offset: number | Tensor): Tensor => {
  const rows = reshape(arange(steps), [steps, 1])
  return typeof offset === 'number' ? add(rows, offset) : add(rows, reshape(offset, [-1, 1, 1, 1]))
}

/** Which keys a query sees: those up to its own place, and those in a window around it. */
export const visible = (
  steps: number,
  total: number,
  offset: number | Tensor,
  { causal = false, left = -1, right = -1 }: { readonly causal?: boolean; readonly left?: number; readonly right?: number },
): Tensor | undefined => {
  const [rows, columns] = [placesOf(steps, offset), arange(total)]
  const masks = [
    causal ? lessEqual(columns, rows) : undefined,
    left >= 0 ? greaterEqual(columns, sub(rows, left)) : undefined,
    right >= 0 ? lessEqual(columns, add(rows, right)) : undefined,
  ].filter((mask) => mask !== undefined)
  return masks.length === 0 ? undefined : masks.reduce((all, mask) => and(all, mask))
}

/** The mask as a number to add, made as long as the keys are: what it does not reach is hidden. */
const givenBias = (mask: Tensor | undefined, like: Tensor, total: number): Tensor | undefined => {
  if (mask === undefined) return undefined
  const bias = mask.dtype === 'bool' ? asBias(mask, like) : cast(mask, like.dtype)
  const missing = total - (bias.shape.at(-1) ?? 1)
  if (missing <= 0 || bias.shape.length === 0) return bias
  return pad(
    bias,
    bias.shape.map((_, axis) => [0, axis === bias.shape.length - 1 ? missing : 0] as const),
    Number.NEGATIVE_INFINITY,
  )
}

export const withPast = (past: Tensor | undefined, x: Tensor): Tensor =>
  past === undefined || sizeOf(past.shape) === 0 ? x : concat([past, x], 2)

const headsOf = (call: Call, name: string): number => optionalInt(call, name) ?? fail(call, `inputs of rank 3 need the attribute '${name}'`)

const attention: Converter = (call) => {
  const isFlat = tensorAt(call, 0).shape.length === 3
  const [q, k, v] = [0, 1, 2].map((i) =>
    isFlat ? splitHeads(tensorAt(call, i), headsOf(call, i === 0 ? 'q_num_heads' : 'kv_num_heads')) : tensorAt(call, i),
  ) as [Tensor, Tensor, Tensor]
  const [keys, values] = [withPast(optionalAt(call, 4), k), withPast(optionalAt(call, 5), v)]
  const [steps, total, width] = [q.shape[2] as number, keys.shape[2] as number, q.shape[3] as number]
  const lengths = optionalAt(call, 6)
  const offset = lengths === undefined ? total - (k.shape[2] as number) : sub(cast(lengths, 'int32'), steps)
  const seen = visible(steps, total, offset, {
    causal: intAttribute(call, 'is_causal', 0) === 1,
    left: intAttribute(call, 'left_window_size', -1),
    right: intAttribute(call, 'right_window_size', -1),
  })
  const padding = lengths === undefined ? undefined : less(arange(total), reshape(cast(lengths, 'int32'), [-1, 1, 1, 1]))
  const mask = optionalAt(call, 3)
  const bias = sumOf([givenBias(mask, q, total), ...[seen, padding].map((shown) => (shown === undefined ? undefined : asBias(shown, q)))])
  const attended = attend(q, keys, values, {
    scale: optionalFloat(call, 'scale') ?? 1 / Math.sqrt(width),
    softcap: floatAttribute(call, 'softcap', 0),
    bias,
    mayHideAll: mask !== undefined || lengths !== undefined || seen !== undefined,
  })
  const shown = [attended.raw, attended.capped, attended.biased, attended.probabilities][intAttribute(call, 'qk_matmul_output_mode', 0)]
  const output = isFlat ? joinHeads(attended.output) : attended.output
  return outputCount(call) === 1 ? output : [output, keys, values, shown]
}

/** Scaled dot product attention. */
export const attentions: Readonly<Record<string, Converter>> = { Attention: attention }
