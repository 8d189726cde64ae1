import type { Gpt2Config } from '../config/gpt2.ts'
import type { HeadName } from '../model/heads.ts'
import { conv1d, norm, perLayer, plain, table } from './stored.ts'
import type { StoredWeight } from './stored.ts'

const headOf = (config: Gpt2Config, head: HeadName): readonly StoredWeight[] => {
  if (head === 'sequenceClassification') return [plain('head', 'score.weight', 'head.kernel', { transposed: true })]
  return head === 'causalLm' && !config.tie_word_embeddings ? [plain('head', 'lm_head.weight', 'head.kernel', { transposed: true })] : []
}

const layerOf = (layer: number): readonly StoredWeight[] => {
  const [name, path] = [`h.${layer}`, `layers.${layer}`]
  return [
    ...norm('body', `${name}.ln_1`, `${path}.attentionNorm`),
    ...conv1d(`${name}.attn.c_attn`, `${path}.attention.query`, `${path}.attention.key`, `${path}.attention.value`),
    ...conv1d(`${name}.attn.c_proj`, `${path}.attention.output`),
    ...norm('body', `${name}.ln_2`, `${path}.outputNorm`),
    ...conv1d(`${name}.mlp.c_fc`, `${path}.hidden`),
    ...conv1d(`${name}.mlp.c_proj`, `${path}.output`),
  ]
}

/** The tensors of a GPT-2. */
export const gpt2Weights = (config: Gpt2Config, head: HeadName): readonly StoredWeight[] => [
  table('wte', 'embeddings.words', ...(config.tie_word_embeddings ? ['lm_head.weight'] : [])),
  table('wpe', 'embeddings.positions'),
  ...perLayer(config.n_layer, layerOf),
  ...norm('body', 'ln_f', 'norm'),
  ...headOf(config, head),
]
