import type { BertConfig } from '../config/bert.ts'
import type { HeadName } from '../model/heads.ts'
import { linear, norm, perLayer, plain, table } from './stored.ts'
import type { StoredWeight } from './stored.ts'

const decoder = 'cls.predictions.decoder'

const headOf = (config: BertConfig, head: HeadName): readonly StoredWeight[] => {
  if (head === 'sequenceClassification' || head === 'tokenClassification') return linear('head', 'classifier', 'head')
  if (head !== 'maskedLm') return []
  return [
    ...linear('head', 'cls.predictions.transform.dense', 'head.dense'),
    ...norm('head', 'cls.predictions.transform.LayerNorm', 'head.norm'),
    ...(config.tie_word_embeddings ? [] : [plain('head', `${decoder}.weight`, 'head.kernel', { transposed: true })]),
    plain('head', 'cls.predictions.bias', 'head.bias', { aliases: [`${decoder}.bias`] }),
  ]
}

const layerOf = (layer: number): readonly StoredWeight[] => {
  const [name, path] = [`encoder.layer.${layer}`, `layers.${layer}`]
  return [
    ...linear('body', `${name}.attention.self.query`, `${path}.attention.query`),
    ...linear('body', `${name}.attention.self.key`, `${path}.attention.key`),
    ...linear('body', `${name}.attention.self.value`, `${path}.attention.value`),
    ...linear('body', `${name}.attention.output.dense`, `${path}.attention.output`),
    ...norm('body', `${name}.attention.output.LayerNorm`, `${path}.attentionNorm`),
    ...linear('body', `${name}.intermediate.dense`, `${path}.hidden`),
    ...linear('body', `${name}.output.dense`, `${path}.output`),
    ...norm('body', `${name}.output.LayerNorm`, `${path}.outputNorm`),
  ]
}

/** The tensors of a BERT. */
export const bertWeights = (config: BertConfig, head: HeadName): readonly StoredWeight[] => [
  table('embeddings.word_embeddings', 'embeddings.words', ...(config.tie_word_embeddings ? [`${decoder}.weight`] : [])),
  table('embeddings.position_embeddings', 'embeddings.positions'),
  table('embeddings.token_type_embeddings', 'embeddings.types'),
  ...norm('body', 'embeddings.LayerNorm', 'embeddings.norm'),
  ...perLayer(config.num_hidden_layers, layerOf),
  ...(head === 'none' || head === 'sequenceClassification' ? linear('pooler', 'pooler.dense', 'pooler') : []),
  ...headOf(config, head),
]
