import {
  and,
  dropout as drop,
  expandDims,
  lowerTriangle,
  matmul,
  mul,
  not,
  reshape,
  softmax,
  splitKey,
  squeeze,
  sum,
  transpose,
  where,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { LayerError } from '../errors.ts'
import type { Initializer } from '../initializers/initializer.ts'
import { glorotUniform } from '../initializers/variance-scaling.ts'
import { statelessLayer } from '../layer.ts'
import type { Context, Layer } from '../layer.ts'
import { checkRate, checkSizes } from './checks.ts'
import { dense } from './dense.ts'
import type { KernelAndBias } from './dense.ts'
import { trainingKey } from './dropout.ts'
import { rotaryPositions } from './rotary.ts'
import type { RotaryOptions } from './rotary.ts'

// Far below every score, and finite, so that a row without any allowed key gives an even mix and not NaN.
const forbidden = (dtype: Tensor['dtype']): number => (dtype === 'float16' ? -6e4 : -1e9)

/**
 * softmax(q·kᵀ / √size)·v.
 *
 * @param query `[…, queries, size]`
 * @param key `[…, keys, size]`
 * @param value `[…, keys, out]`
 * @param options.mask bool, broadcasts to `[…, queries, keys]`: which keys a query may see
 * @param options.attend changes the weights, such as dropout does
 * @returns `[…, queries, out]`
 * @example
 * import { ones } from '@grad-ts/tensor'
 * import { scaledDotProductAttention } from '@grad-ts/nn'
 * scaledDotProductAttention(ones([2, 5, 4]), ones([2, 7, 4]), ones([2, 7, 3])).shape // => [2, 5, 3]
 * @see Vaswani et al., Attention is all you need, 2017, arXiv:1706.03762
 */
export const scaledDotProductAttention = (
  query: Tensor,
  key: Tensor,
  value: Tensor,
  { mask, attend = (weights) => weights }: { readonly mask?: Tensor; readonly attend?: (weights: Tensor) => Tensor } = {},
): Tensor => {
  const scaled = mul(query, 1 / Math.sqrt(query.shape.at(-1) as number))
  const scores = matmul(scaled, key, { transposeB: true })
  return matmul(attend(softmax(mask === undefined ? scores : where(mask, scores, forbidden(scores.dtype)))), value)
}

/** What attention reads: a sequence that looks at itself, or at another one. */
export type AttentionInput =
  | Tensor
  | {
      /** `[batch, time, size]` */
      readonly x: Tensor
      /** What is looked at, `[batch, keys, memorySize]`. */
      readonly memory: Tensor
      /** Which steps of the memory are real, bool `[batch, keys]`. */
      readonly memoryMask?: Tensor
    }

export interface AttentionOptions {
  readonly size: number
  readonly heads: number
  /** Default: size / heads. */
  readonly headSize?: number
  /** Heads of keys and values, each shared by as many heads of queries (Ainslie et al., 2023, arXiv:2305.13245). Default: heads. */
  readonly keyValueHeads?: number
  /** Last axis of the memory in cross-attention, default: size. */
  readonly memorySize?: number
  /** Whether a step sees only itself and earlier ones. Default false. */
  readonly causal?: boolean
  /** How many steps a causal step sees, itself among them. Default: all. */
  readonly window?: number
  /** Whether queries and keys are turned by their positions, those of the context where it has any. Default false. */
  readonly rotary?: boolean | RotaryOptions
  /** Share of attention weights dropped while training, default 0. */
  readonly dropout?: number
  /** Default true. */
  readonly useBias?: boolean
  /** Whether the last projection has a bias. Default: useBias. */
  readonly outputBias?: boolean
  /** Default: Glorot uniform. */
  readonly kernelInit?: Initializer
}

export type AttentionParams = {
  readonly query: KernelAndBias
  readonly key: KernelAndBias
  readonly value: KernelAndBias
  readonly output: KernelAndBias
}

const sourcesOf = (input: AttentionInput, { mask, positions }: Context) => {
  if ('op' in input) return { x: input, memory: input, memoryMask: mask, positions, memoryPositions: positions }
  return { x: input.x, memory: input.memory, memoryMask: input.memoryMask, positions, memoryPositions: undefined }
}

/** Which keys come no later than a query; queries are the last of the keys, as they are when earlier steps are kept. */
const earlierOf = (queries: number, keys: number, window: number): Tensor => {
  const earlier = lowerTriangle(queries, keys, keys - queries)
  return window >= keys ? earlier : and(earlier, not(lowerTriangle(queries, keys, keys - queries - window)))
}

/** Joins masks of keys; that of real steps gets an axis of 1 for each axis of heads. */
const joined = (earlier: Tensor | undefined, padding: Tensor | undefined, headAxes: number): Tensor | undefined => {
  if (padding === undefined) return earlier
  const [batch, keys] = padding.shape as [number, number]
  const real = reshape(padding, [batch, ...ones(headAxes), 1, keys])
  return earlier === undefined ? real : and(real, earlier)
}

const ones = (count: number): number[] => Array.from({ length: count }, () => 1)

/** Refuses heads that do not divide what they share. */
const checkHeads = (size: number, heads: number, headSize: number, keyValueHeads: number): void => {
  if (!Number.isInteger(headSize))
    throw new LayerError('multiHeadAttention', `expected heads to divide the size ${size}, got ${heads}; or give headSize`)
  if (heads % keyValueHeads !== 0)
    throw new LayerError('multiHeadAttention', `expected keyValueHeads to divide the ${heads} heads, got ${keyValueHeads}`)
}

/**
 * Attention of several heads side by side, each over its own projection of the sequence.
 *
 * @param options.size last axis of x and of the result
 * @param options.heads must divide size unless `headSize` is given
 * @returns a layer of `[batch, time, size]` (padding by the context's mask), or of `{ x, memory }` for cross-attention, with parameters
 *   `query`, `key`, `value` and `output`, each a `kernel` and a `bias`
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { multiHeadAttention } from '@grad-ts/nn'
 * const layer = multiHeadAttention({ size: 8, heads: 2, causal: true })
 * layer.apply(layer.init(key(0)), ones([3, 5, 8])).shape // => [3, 5, 8]
 * @see Vaswani et al., Attention is all you need, 2017, arXiv:1706.03762
 */
export const multiHeadAttention = (options: AttentionOptions): Layer<AttentionParams, null, AttentionInput> => {
  const { size, heads, headSize = size / heads, keyValueHeads = heads, memorySize = size, rotary = false } = options
  const { causal = false, window = Infinity, dropout: rate = 0, useBias = true, outputBias = useBias, kernelInit = glorotUniform } = options
  checkSizes('multiHeadAttention', { size, heads, keyValueHeads, memorySize })
  checkRate('multiHeadAttention', 'dropout', rate)
  checkHeads(size, heads, headSize, keyValueHeads)
  const inner = heads * headSize
  const toQuery = dense({ in: size, out: inner, useBias, kernelInit })
  const toMemory = dense({ in: memorySize, out: keyValueHeads * headSize, useBias, kernelInit })
  const toOutput = dense({ in: inner, out: size, useBias: outputBias, kernelInit })
  const isGrouped = keyValueHeads !== heads
  const split = (x: Tensor): Tensor => transpose(reshape(x, [x.shape[0] as number, x.shape[1] as number, -1, headSize]), [0, 2, 1, 3])
  const turned = (x: Tensor, positions: Tensor | undefined): Tensor =>
    rotary === false ? x : rotaryPositions(x, { ...(rotary === true ? {} : rotary), ...(positions === undefined ? {} : { positions }) })
  // With groups, heads of queries take a further axis, along which keys and values repeat.
  const grouped = (query: Tensor): Tensor =>
    isGrouped ? reshape(query, [query.shape[0] as number, keyValueHeads, heads / keyValueHeads, -1, headSize]) : query
  const repeated = (x: Tensor): Tensor => (isGrouped ? expandDims(x, 2) : x)
  return statelessLayer<AttentionParams, AttentionInput>({
    name: 'multiHeadAttention',
    init: (key) => {
      const [queryKey, keyKey, valueKey, outputKey] = splitKey(key, 4)
      return { query: toQuery.init(queryKey), key: toMemory.init(keyKey), value: toMemory.init(valueKey), output: toOutput.init(outputKey) }
    },
    apply: (params, input, context) => {
      const { x, memory, memoryMask, positions, memoryPositions } = sourcesOf(input, context)
      const query = turned(split(toQuery.apply(params.query, x)), positions)
      const key = turned(split(toMemory.apply(params.key, memory)), memoryPositions)
      const earlier = causal ? earlierOf(query.shape[2] as number, key.shape[2] as number, window) : undefined
      const mask = joined(earlier, memoryMask, isGrouped ? 2 : 1)
      const dropKey = rate === 0 ? undefined : trainingKey('multiHeadAttention', context)
      const mixed = scaledDotProductAttention(grouped(query), repeated(key), repeated(split(toMemory.apply(params.value, memory))), {
        ...(mask === undefined ? {} : { mask }),
        ...(dropKey === undefined ? {} : { attend: (weights: Tensor) => drop(dropKey, weights, rate) }),
      })
      const heard = isGrouped ? reshape(mixed, query.shape) : mixed
      return toOutput.apply(params.output, reshape(transpose(heard, [0, 2, 1, 3]), [x.shape[0] as number, -1, inner]))
    },
  })
}

/**
 * Joins a sequence into one vector by learned weights: `[batch, time, size] → [batch, size]`. It reads the mask of the context.
 *
 * @returns a layer with the parameters `kernel` `[size, 1]` and `bias` `[1]` of the scores
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { attentionPooling } from '@grad-ts/nn'
 * const layer = attentionPooling({ size: 8 })
 * layer.apply(layer.init(key(0)), ones([3, 5, 8])).shape // => [3, 8]
 */
export const attentionPooling = ({
  size,
  kernelInit = glorotUniform,
}: {
  readonly size: number
  readonly kernelInit?: Initializer
}): Layer<KernelAndBias, null> => {
  const score = dense({ in: size, out: 1, kernelInit })
  return statelessLayer<KernelAndBias>({
    name: 'attentionPooling',
    init: (key) => score.init(key),
    apply: (params, x, { mask }) => {
      const scores = squeeze(score.apply(params, x), -1)
      const weights = softmax(mask === undefined ? scores : where(mask, scores, forbidden(scores.dtype)))
      return sum(mul(x, expandDims(weights, -1)), { axes: 1 })
    },
  })
}
