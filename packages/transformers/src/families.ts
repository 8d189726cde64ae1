import { BertConfig, bertArchitecture } from './config/bert.ts'
import { Gpt2Config, gpt2Architecture } from './config/gpt2.ts'
import { llamaArchitecture, LlamaConfig, MistralConfig, Qwen2Config } from './config/llama.ts'
import type { Architecture } from './model/architecture.ts'
import type { HeadName } from './model/heads.ts'
import { bertWeights } from './weights/bert.ts'
import { gpt2Weights } from './weights/gpt2.ts'
import { llamaWeights } from './weights/llama.ts'
import type { StoredWeight } from './weights/stored.ts'
import type * as t from 'io-ts'

/** A configuration that can be built, told apart by `model_type`. */
export type TransformerConfig = BertConfig | Gpt2Config | LlamaConfig | MistralConfig | Qwen2Config

export type ModelType = TransformerConfig['model_type']

/** A family of models. */
export interface Family<Config extends TransformerConfig> {
  readonly codec: t.Decoder<unknown, Config>
  readonly architecture: (config: Config) => Architecture
  readonly weights: (config: Config, head: HeadName) => readonly StoredWeight[]
  /** What comes before the names of the body in files of models with a head. */
  readonly prefix: string
  /** Names of tensors in older files that are no weights. */
  readonly buffers: RegExp
  /** Its heads, by the names that `architectures` of a configuration uses. */
  readonly heads: Readonly<Partial<Record<HeadName, string>>>
}

type Families = { readonly [Type in ModelType]: Family<Extract<TransformerConfig, { readonly model_type: Type }>> }

const decoderHeads = (name: string) => ({
  none: `${name}Model`,
  causalLm: `${name}ForCausalLM`,
  sequenceClassification: `${name}ForSequenceClassification`,
})

const rotary = { prefix: 'model.', buffers: /rotary_emb\.inv_freq$/ }

/** Everything that differs between the families. */
export const families: Families = {
  bert: {
    codec: BertConfig,
    architecture: bertArchitecture,
    weights: bertWeights,
    prefix: 'bert.',
    buffers: /embeddings\.(position_ids|token_type_ids)$/,
    heads: {
      none: 'BertModel',
      maskedLm: 'BertForMaskedLM',
      sequenceClassification: 'BertForSequenceClassification',
      tokenClassification: 'BertForTokenClassification',
    },
  },
  gpt2: {
    codec: Gpt2Config,
    architecture: gpt2Architecture,
    weights: gpt2Weights,
    prefix: 'transformer.',
    buffers: /attn\.(bias|masked_bias)$/,
    heads: { none: 'GPT2Model', causalLm: 'GPT2LMHeadModel', sequenceClassification: 'GPT2ForSequenceClassification' },
  },
  llama: { ...rotary, codec: LlamaConfig, architecture: llamaArchitecture, weights: llamaWeights, heads: decoderHeads('Llama') },
  mistral: { ...rotary, codec: MistralConfig, architecture: llamaArchitecture, weights: llamaWeights, heads: decoderHeads('Mistral') },
  qwen2: { ...rotary, codec: Qwen2Config, architecture: llamaArchitecture, weights: llamaWeights, heads: decoderHeads('Qwen2') },
}

/** The family of a configuration. */
export const familyOf = <Config extends TransformerConfig>(config: Config): Family<Config> =>
  families[config.model_type] as unknown as Family<Config>
