import * as t from 'io-ts'
import { layerNorm } from '@grad-ts/nn'
import type { Architecture } from '../model/architecture.ts'
import { activationName, activationOf } from './activations.ts'
import { common, flag, layerCount, only, optional, or, positive, share, whole } from './fields.ts'

/** The configuration of a BERT, with the names of `config.json`. What is left out has the value that transformers gives it. */
export const BertConfig = t.type(
  {
    ...common,
    model_type: t.literal('bert'),
    vocab_size: or(whole, 30522),
    hidden_size: or(whole, 768),
    num_hidden_layers: or(layerCount, 12),
    num_attention_heads: or(whole, 12),
    intermediate_size: or(whole, 3072),
    hidden_act: or(activationName, 'gelu'),
    hidden_dropout_prob: or(share, 0.1),
    attention_probs_dropout_prob: or(share, 0.1),
    classifier_dropout: optional(share),
    max_position_embeddings: or(whole, 512),
    type_vocab_size: or(whole, 2),
    initializer_range: or(positive, 0.02),
    layer_norm_eps: or(positive, 1e-12),
    tie_word_embeddings: or(flag, true),
    position_embedding_type: only('absolute', 'relative positions are not supported'),
    is_decoder: only(false, 'a BERT that decodes is not supported'),
    add_cross_attention: only(false, 'cross-attention is not supported'),
  },
  'BertConfig',
)
export type BertConfig = t.TypeOf<typeof BertConfig>

export const bertArchitecture = (config: BertConfig): Architecture => {
  const { hidden_size: size, hidden_act: activation } = config
  const normLayer = layerNorm({ features: size, epsilon: config.layer_norm_eps })
  return {
    vocabulary: config.vocab_size,
    size,
    layers: config.num_hidden_layers,
    block: {
      heads: config.num_attention_heads,
      hidden: config.intermediate_size,
      activation: activationOf(activation),
      dropout: config.hidden_dropout_prob,
      norm: 'post',
      attention: { dropout: config.attention_probs_dropout_prob },
    },
    causal: false,
    normLayer,
    positions: config.max_position_embeddings,
    types: config.type_vocab_size,
    normAt: 'embeddings',
    embeddingDropout: config.hidden_dropout_prob,
    headDropout: config.classifier_dropout ?? config.hidden_dropout_prob,
    headActivation: activationOf(activation),
    tied: config.tie_word_embeddings,
    paddingId: config.pad_token_id,
    stddev: config.initializer_range,
  }
}
