import { add, dropout as drop, foldIn, mul, splitKey } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { gelu } from '../activations.ts'
import type { Initializer } from '../initializers/initializer.ts'
import { glorotUniform } from '../initializers/variance-scaling.ts'
import { statelessLayer } from '../layer.ts'
import type { Context, Layer } from '../layer.ts'
import { multiHeadAttention } from './attention.ts'
import type { AttentionOptions, AttentionParams } from './attention.ts'
import { dense } from './dense.ts'
import type { KernelAndBias } from './dense.ts'
import { trainingKey } from './dropout.ts'
import { layerNorm } from './normalization.ts'
import type { ScaleAndBias } from './normalization.ts'
import type { RotaryOptions } from './rotary.ts'

export interface TransformerOptions {
  readonly size: number
  readonly heads: number
  /** Width of the feed-forward part, default 4·size. */
  readonly hidden?: number
  /** Default: gelu. */
  readonly activation?: (x: Tensor) => Tensor
  /** Share of outputs dropped while training after each part, default 0; attention weights too. */
  readonly dropout?: number
  /** Whether each part normalises its input (`pre`, default) or its sum (`post`, as in the paper). */
  readonly norm?: 'pre' | 'post'
  /** What normalises, over the last axis. Default: `layerNorm({ features: size })`. */
  readonly normLayer?: Layer<ScaleAndBias, null>
  /** Whether positions are told by turning queries and keys. Default false. */
  readonly rotary?: boolean | RotaryOptions
  /** Whether the feed-forward part multiplies by an activated gate of its own (Shazeer, 2020, arXiv:2002.05202). Default false. */
  readonly gated?: boolean
  /** Default true. */
  readonly useBias?: boolean
  /** What the self-attention has otherwise. */
  readonly attention?: Partial<AttentionOptions>
  /** Default: Glorot uniform. */
  readonly kernelInit?: Initializer
}

export type EncoderBlockParams = {
  readonly attention: AttentionParams
  readonly attentionNorm: ScaleAndBias
  readonly hidden: KernelAndBias
  /** `null` unless the block is gated. */
  readonly gate: KernelAndBias | null
  readonly output: KernelAndBias
  readonly outputNorm: ScaleAndBias
}

export type DecoderBlockParams = EncoderBlockParams & { readonly cross: AttentionParams; readonly crossNorm: ScaleAndBias }

interface Parts {
  readonly name: string
  readonly options: TransformerOptions
  readonly causal: boolean
}

/** The layers that both kinds of block are made of. */
const partsOf = ({ options, causal }: Parts) => {
  const { size, heads, hidden = 4 * size, kernelInit = glorotUniform, dropout = 0, rotary = false, useBias = true } = options
  const widening = dense({ in: size, out: hidden, useBias, kernelInit })
  return {
    attention: multiHeadAttention({ size, heads, causal, rotary, dropout, useBias, kernelInit, ...options.attention }),
    cross: multiHeadAttention({ size, heads, dropout, useBias, kernelInit }),
    hidden: widening,
    gate: options.gated === true ? widening : null,
    output: dense({ in: hidden, out: size, useBias, kernelInit }),
    norm: options.normLayer ?? layerNorm({ features: size }),
  }
}

/** Adds what a part makes of x to x, with the norm before the part or after the sum. */
const around =
  ({ name, options }: Parts, norm: Layer<ScaleAndBias, null>) =>
  (x: Tensor, scale: ScaleAndBias, context: Context, part: (input: Tensor) => Tensor): Tensor => {
    const { norm: place = 'pre', dropout: rate = 0 } = options
    const made = part(place === 'pre' ? norm.apply(scale, x) : x)
    const key = rate === 0 ? undefined : trainingKey(name, context)
    const total = add(x, key === undefined ? made : drop(key, made, rate))
    return place === 'pre' ? total : norm.apply(scale, total)
  }

/** Contexts with keys of their own for each use. */
const contexts = (context: Context, count: number): readonly Context[] => {
  const { key } = context
  const keys = key === undefined ? [] : splitKey<number>(key, count)
  return Array.from({ length: count }, (_, i) => (key === undefined ? context : { ...context, key: keys[i] as Tensor }))
}

const feedForward =
  (parts: ReturnType<typeof partsOf>, params: EncoderBlockParams, activation: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor => {
    const hidden = parts.hidden.apply(params.hidden, x)
    const gated =
      parts.gate === null || params.gate === null ? activation(hidden) : mul(activation(parts.gate.apply(params.gate, x)), hidden)
    return parts.output.apply(params.output, gated)
  }

const initBlock = (parts: ReturnType<typeof partsOf>, key: Tensor): EncoderBlockParams => {
  const [attentionKey, hiddenKey, outputKey, normKey] = splitKey(key, 4)
  return {
    attention: parts.attention.init(attentionKey),
    attentionNorm: parts.norm.init(normKey),
    hidden: parts.hidden.init(hiddenKey),
    gate: parts.gate === null ? null : parts.gate.init(foldIn(hiddenKey, 1)),
    output: parts.output.init(outputKey),
    outputNorm: parts.norm.init(normKey),
  }
}

/**
 * A transformer block of self-attention and a feed-forward part, each with a residual and a layer norm.
 *
 * @param options.size last axis of x and y
 * @param options.heads divides size
 * @param options.causal whether a step sees only itself and earlier ones: the block of a GPT. Default false
 * @returns a layer of `[batch, time, size]`; padding by the context's mask
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { encoderBlock } from '@grad-ts/nn'
 * const block = encoderBlock({ size: 8, heads: 2, causal: true })
 * block.apply(block.init(key(0)), ones([3, 5, 8])).shape // => [3, 5, 8]
 * @see Vaswani et al., Attention is all you need, 2017, arXiv:1706.03762
 */
export const encoderBlock = (options: TransformerOptions & { readonly causal?: boolean }): Layer<EncoderBlockParams, null> => {
  const settings = { name: 'encoderBlock', options, causal: options.causal ?? false }
  const parts = partsOf(settings)
  const sublayer = around(settings, parts.norm)
  return statelessLayer<EncoderBlockParams>({
    name: settings.name,
    init: (key) => initBlock(parts, key),
    apply: (params, x, context) => {
      const [attend, afterAttention, afterOutput] = contexts(context, 3) as [Context, Context, Context]
      const y = sublayer(x, params.attentionNorm, afterAttention, (input) => parts.attention.apply(params.attention, input, attend))
      return sublayer(y, params.outputNorm, afterOutput, feedForward(parts, params, options.activation ?? gelu))
    },
  })
}

/** What a decoder block reads: its own sequence and the encoder's. */
export interface DecoderInput {
  /** `[batch, time, size]` */
  readonly x: Tensor
  /** `[batch, keys, size]` */
  readonly memory: Tensor
  /** Which steps of the memory are real, bool `[batch, keys]`. */
  readonly memoryMask?: Tensor
}

/**
 * A transformer block of causal self-attention, attention to a memory, and a feed-forward part.
 *
 * @returns a layer of `{ x, memory }` that gives `[batch, time, size]`; the context's mask is that of x
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { decoderBlock } from '@grad-ts/nn'
 * const block = decoderBlock({ size: 8, heads: 2 })
 * block.apply(block.init(key(0)), { x: ones([3, 5, 8]), memory: ones([3, 7, 8]) }).shape // => [3, 5, 8]
 */
export const decoderBlock = (options: TransformerOptions): Layer<DecoderBlockParams, null, DecoderInput> => {
  const settings = { name: 'decoderBlock', options, causal: true }
  const parts = partsOf(settings)
  const sublayer = around(settings, parts.norm)
  return statelessLayer<DecoderBlockParams, DecoderInput>({
    name: settings.name,
    init: (key) => {
      const [blockKey, crossKey, normKey] = splitKey(key, 3)
      return { ...initBlock(parts, blockKey), cross: parts.cross.init(crossKey), crossNorm: parts.norm.init(normKey) }
    },
    apply: (params, { x, ...memory }, context) => {
      const [attend, afterAttention, look, afterLook, afterOutput] = contexts(context, 5) as [Context, Context, Context, Context, Context]
      const y = sublayer(x, params.attentionNorm, afterAttention, (input) => parts.attention.apply(params.attention, input, attend))
      const z = sublayer(y, params.crossNorm, afterLook, (input) => parts.cross.apply(params.cross, { x: input, ...memory }, look))
      return sublayer(z, params.outputNorm, afterOutput, feedForward(parts, params, options.activation ?? gelu))
    },
  })
}
