import * as t from 'io-ts'
import { rmsNorm } from '@grad-ts/nn'
import type { Architecture } from '../model/architecture.ts'
import { activationName, activationOf } from './activations.ts'
import { common, flag, layerCount, only, optional, or, positive, share, unlessNull, whole } from './fields.ts'
import { ropeFields, rotaryOf } from './rotary.ts'

const fields = {
  ...common,
  ...ropeFields,
  vocab_size: or(whole, 32000),
  hidden_size: or(whole, 4096),
  intermediate_size: or(whole, 11008),
  num_hidden_layers: or(layerCount, 32),
  num_attention_heads: or(whole, 32),
  num_key_value_heads: optional(whole),
  head_dim: optional(whole),
  hidden_act: or(activationName, 'silu'),
  max_position_embeddings: or(whole, 2048),
  initializer_range: or(positive, 0.02),
  rms_norm_eps: or(positive, 1e-6),
  attention_dropout: or(share, 0),
  tie_word_embeddings: or(flag, false),
}

/** The configuration of a Llama, with the names of `config.json`. What is left out has the value that transformers gives it. */
export const LlamaConfig = t.type(
  { ...fields, model_type: t.literal('llama'), attention_bias: or(flag, false), mlp_bias: or(flag, false) },
  'LlamaConfig',
)
export type LlamaConfig = t.TypeOf<typeof LlamaConfig>

/** The configuration of a Mistral: a Llama whose attention may see only the last steps. */
export const MistralConfig = t.type(
  {
    ...fields,
    model_type: t.literal('mistral'),
    intermediate_size: or(whole, 14336),
    num_key_value_heads: or(whole, 8),
    max_position_embeddings: or(whole, 4096 * 32),
    sliding_window: unlessNull(whole, 4096),
  },
  'MistralConfig',
)
export type MistralConfig = t.TypeOf<typeof MistralConfig>

/** The configuration of a Qwen2: a Llama with biases for queries, keys and values. */
export const Qwen2Config = t.type(
  {
    ...fields,
    model_type: t.literal('qwen2'),
    vocab_size: or(whole, 151936),
    intermediate_size: or(whole, 22016),
    num_key_value_heads: or(whole, 32),
    max_position_embeddings: or(whole, 32768),
    use_sliding_window: only(false, 'attention within a window is not supported'),
  },
  'Qwen2Config',
)
export type Qwen2Config = t.TypeOf<typeof Qwen2Config>

type Decoder = LlamaConfig | MistralConfig | Qwen2Config

/** Which projections have biases. */
export const biasesOf = (config: Decoder): { readonly attention: boolean; readonly output: boolean; readonly feedForward: boolean } => {
  if (config.model_type === 'llama')
    return { attention: config.attention_bias, output: config.attention_bias, feedForward: config.mlp_bias }
  return { attention: config.model_type === 'qwen2', output: false, feedForward: false }
}

const windowOf = (config: Decoder): { readonly window?: number } =>
  config.model_type === 'mistral' && config.sliding_window !== null ? { window: config.sliding_window } : {}

export const llamaArchitecture = (config: Decoder): Architecture => {
  const { hidden_size: size, num_attention_heads: heads } = config
  const biases = biasesOf(config)
  return {
    vocabulary: config.vocab_size,
    size,
    layers: config.num_hidden_layers,
    block: {
      heads,
      hidden: config.intermediate_size,
      activation: activationOf(config.hidden_act),
      gated: true,
      rotary: rotaryOf(config),
      useBias: biases.feedForward,
      attention: {
        keyValueHeads: config.num_key_value_heads ?? heads,
        headSize: config.head_dim ?? size / heads,
        dropout: config.attention_dropout,
        useBias: biases.attention,
        outputBias: biases.output,
        ...windowOf(config),
      },
    },
    causal: true,
    normLayer: rmsNorm({ features: size, epsilon: config.rms_norm_eps }),
    positions: null,
    types: null,
    normAt: 'end',
    embeddingDropout: 0,
    headDropout: 0,
    headActivation: activationOf(config.hidden_act),
    tied: config.tie_word_embeddings,
    paddingId: config.pad_token_id,
    stddev: config.initializer_range,
  }
}
