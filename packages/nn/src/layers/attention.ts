import {
  add,
  and,
  cast,
  concat,
  cos,
  dropout as drop,
  expandDims,
  lowerTriangle,
  matmul,
  mul,
  reshape,
  ShapeError,
  sin,
  sliceAxis,
  softmax,
  splitKey,
  squeeze,
  sub,
  sum,
  tensor,
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

/**
 * Turns the pairs of features of each step by an angle that grows with its position, so that scores depend on distances only.
 *
 * @param x `[…, time, size]`, size even; feature i is paired with feature i + size / 2
 * @param options.base default 10000
 * @param options.offset position of the first step, default 0
 * @example
 * import { ones, sum, square, toNumber } from '@grad-ts/tensor'
 * import { rotaryPositions } from '@grad-ts/nn'
 * const turned = rotaryPositions(ones([2, 3, 4]))
 * turned.shape // => [2, 3, 4]
 * Math.round(toNumber(sum(square(turned)))) // => 24
 * @see Su et al., RoFormer: enhanced transformer with rotary position embedding, 2021, arXiv:2104.09864
 */
export const rotaryPositions = (
  x: Tensor,
  { base = 10000, offset = 0 }: { readonly base?: number; readonly offset?: number } = {},
): Tensor => {
  const [time, size] = x.shape.slice(-2) as [number, number]
  if (x.shape.length < 2 || size % 2 !== 0)
    throw new ShapeError('rotaryPositions', [x], 'expected x of shape […, time, size] with an even size')
  const half = size / 2
  const angles = tensor(
    Float32Array.from({ length: time * half }, (_, i) => (offset + Math.floor(i / half)) * base ** (-(i % half) / half)),
    { shape: [time, half] },
  )
  const [cosines, sines] = [cos(angles), sin(angles)].map((wave) => cast(wave, x.dtype)) as [Tensor, Tensor]
  const [first, second] = [sliceAxis(x, -1, { end: half }), sliceAxis(x, -1, { start: half })]
  return concat([sub(mul(first, cosines), mul(second, sines)), add(mul(second, cosines), mul(first, sines))], -1)
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
  /** Last axis of the memory in cross-attention, default: size. */
  readonly memorySize?: number
  /** Whether a step sees only itself and earlier ones. Default false. */
  readonly causal?: boolean
  /** Whether queries and keys are turned by their positions. Default false. */
  readonly rotary?: boolean
  /** Share of attention weights dropped while training, default 0. */
  readonly dropout?: number
  /** Default true. */
  readonly useBias?: boolean
  /** Default: Glorot uniform. */
  readonly kernelInit?: Initializer
}

export type AttentionParams = {
  readonly query: KernelAndBias
  readonly key: KernelAndBias
  readonly value: KernelAndBias
  readonly output: KernelAndBias
}

const sourcesOf = (input: AttentionInput, context: Context) => {
  if ('op' in input) return { x: input, memory: input, memoryMask: context.mask }
  return { x: input.x, memory: input.memory, memoryMask: input.memoryMask }
}

const maskOf = (queries: number, keys: number, causal: boolean, padding: Tensor | undefined): Tensor | undefined => {
  const real = padding === undefined ? undefined : expandDims(expandDims(padding, 1), 1)
  // Queries are the last of the keys, as they are when earlier steps are kept.
  const earlier = causal ? lowerTriangle(queries, keys, keys - queries) : undefined
  return real === undefined || earlier === undefined ? (real ?? earlier) : and(real, earlier)
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
  const { size, heads, headSize = size / heads, memorySize = size, causal = false, rotary = false, dropout: rate = 0 } = options
  const { useBias = true, kernelInit = glorotUniform } = options
  checkSizes('multiHeadAttention', { size, heads, memorySize })
  checkRate('multiHeadAttention', 'dropout', rate)
  if (!Number.isInteger(headSize))
    throw new LayerError('multiHeadAttention', `expected heads to divide the size ${size}, got ${heads}; or give headSize`)
  const projection = (inputs: number, out: number) => dense({ in: inputs, out, useBias, kernelInit })
  const inner = heads * headSize
  const [toQuery, toMemory, toOutput] = [projection(size, inner), projection(memorySize, inner), projection(inner, size)]
  const split = (x: Tensor): Tensor => transpose(reshape(x, [x.shape[0] as number, -1, heads, headSize]), [0, 2, 1, 3])
  const turned = (x: Tensor): Tensor => (rotary ? rotaryPositions(x) : x)
  return statelessLayer<AttentionParams, AttentionInput>({
    name: 'multiHeadAttention',
    init: (key) => {
      const [queryKey, keyKey, valueKey, outputKey] = splitKey(key, 4)
      return { query: toQuery.init(queryKey), key: toMemory.init(keyKey), value: toMemory.init(valueKey), output: toOutput.init(outputKey) }
    },
    apply: (params, input, context) => {
      const { x, memory, memoryMask } = sourcesOf(input, context)
      const query = turned(split(toQuery.apply(params.query, x)))
      const key = turned(split(toMemory.apply(params.key, memory)))
      const mask = maskOf(query.shape[2] as number, key.shape[2] as number, causal, memoryMask)
      const dropKey = rate === 0 ? undefined : trainingKey('multiHeadAttention', context)
      const mixed = scaledDotProductAttention(query, key, split(toMemory.apply(params.value, memory)), {
        ...(mask === undefined ? {} : { mask }),
        ...(dropKey === undefined ? {} : { attend: (weights: Tensor) => drop(dropKey, weights, rate) }),
      })
      return toOutput.apply(params.output, reshape(transpose(mixed, [0, 2, 1, 3]), [x.shape[0] as number, -1, inner]))
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
