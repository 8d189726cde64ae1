import * as t from 'io-ts'
import { layerNorm } from '@grad-ts/nn'
import type { Architecture } from '../model/architecture.ts'
import { activationName, activationOf } from './activations.ts'
import { common, flag, layerCount, only, optional, or, positive, share, whole } from './fields.ts'

/** The configuration of a GPT-2, with the names of `config.json`. What is left out has the value that transformers gives it. */
export const Gpt2Config = t.type(
  {
    ...common,
    model_type: t.literal('gpt2'),
    vocab_size: or(whole, 50257),
    n_positions: or(whole, 1024),
    n_embd: or(whole, 768),
    n_layer: or(layerCount, 12),
    n_head: or(whole, 12),
    n_inner: optional(whole),
    activation_function: or(activationName, 'gelu_new'),
    resid_pdrop: or(share, 0.1),
    embd_pdrop: or(share, 0.1),
    attn_pdrop: or(share, 0.1),
    layer_norm_epsilon: or(positive, 1e-5),
    initializer_range: or(positive, 0.02),
    tie_word_embeddings: or(flag, true),
    scale_attn_weights: only(true, 'scores without a scale are not supported'),
    scale_attn_by_inverse_layer_idx: only(false, 'scores scaled by the number of the layer are not supported'),
    add_cross_attention: only(false, 'cross-attention is not supported'),
  },
  'Gpt2Config',
)
export type Gpt2Config = t.TypeOf<typeof Gpt2Config>

export const gpt2Architecture = (config: Gpt2Config): Architecture => {
  const { n_embd: size, activation_function: activation } = config
  return {
    vocabulary: config.vocab_size,
    size,
    layers: config.n_layer,
    block: {
      heads: config.n_head,
      hidden: config.n_inner ?? 4 * size,
      activation: activationOf(activation),
      dropout: config.resid_pdrop,
      attention: { dropout: config.attn_pdrop },
    },
    causal: true,
    normLayer: layerNorm({ features: size, epsilon: config.layer_norm_epsilon }),
    positions: config.n_positions,
    types: null,
    normAt: 'end',
    embeddingDropout: config.embd_pdrop,
    headDropout: 0,
    headActivation: activationOf(activation),
    tied: config.tie_word_embeddings,
    paddingId: config.pad_token_id,
    stddev: config.initializer_range,
  }
}
