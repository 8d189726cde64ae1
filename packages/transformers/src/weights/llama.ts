import { biasesOf } from '../config/llama.ts'
import type { LlamaConfig, MistralConfig, Qwen2Config } from '../config/llama.ts'
import type { HeadName } from '../model/heads.ts'
import { linear, norm, perLayer, plain, table } from './stored.ts'
import type { StoredWeight } from './stored.ts'

type Decoder = LlamaConfig | MistralConfig | Qwen2Config

const headOf = (config: Decoder, head: HeadName): readonly StoredWeight[] => {
  if (head === 'sequenceClassification') return [plain('head', 'score.weight', 'head.kernel', { transposed: true })]
  return head === 'causalLm' && !config.tie_word_embeddings ? [plain('head', 'lm_head.weight', 'head.kernel', { transposed: true })] : []
}

const layerOf =
  (config: Decoder) =>
  (layer: number): readonly StoredWeight[] => {
    const [name, path, biases] = [`layers.${layer}`, `layers.${layer}`, biasesOf(config)]
    return [
      ...norm('body', `${name}.input_layernorm`, `${path}.attentionNorm`, false),
      ...linear('body', `${name}.self_attn.q_proj`, `${path}.attention.query`, biases.attention),
      ...linear('body', `${name}.self_attn.k_proj`, `${path}.attention.key`, biases.attention),
      ...linear('body', `${name}.self_attn.v_proj`, `${path}.attention.value`, biases.attention),
      ...linear('body', `${name}.self_attn.o_proj`, `${path}.attention.output`, biases.output),
      ...norm('body', `${name}.post_attention_layernorm`, `${path}.outputNorm`, false),
      ...linear('body', `${name}.mlp.gate_proj`, `${path}.gate`, biases.feedForward),
      ...linear('body', `${name}.mlp.up_proj`, `${path}.hidden`, biases.feedForward),
      ...linear('body', `${name}.mlp.down_proj`, `${path}.output`, biases.feedForward),
    ]
  }

/** The tensors of a Llama-like decoder. */
export const llamaWeights = (config: Decoder, head: HeadName): readonly StoredWeight[] => [
  table('embed_tokens', 'embeddings.words', ...(config.tie_word_embeddings ? ['lm_head.weight'] : [])),
  ...perLayer(config.num_hidden_layers, layerOf(config)),
  ...norm('body', 'norm', 'norm', false),
  ...headOf(config, head),
]
