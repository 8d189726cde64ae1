import * as E from 'fp-ts/lib/Either.js'
import type { Context, EvaluationContext, Layer } from '@grad-ts/nn'
import { statelessLayer } from '@grad-ts/nn'
import { splitKey } from '@grad-ts/tensor'
import { checkHead, decodeConfig, labelEntries, labelsOf } from './config/config.ts'
import { ConfigError, valueOrThrow } from './errors.ts'
import { familyOf } from './families.ts'
import type { TransformerConfig } from './families.ts'
import { bodyOf } from './model/body.ts'
import type { BodyParams, Features } from './model/body.ts'
import { headOf } from './model/heads.ts'
import type { HeadName, HeadOutputs, HeadParams } from './model/heads.ts'
import type { TextInputs } from './model/inputs.ts'

/** The weights of a model. */
export type TransformerParams<Head extends HeadName = HeadName> = BodyParams & { readonly head: HeadParams[Head] }

/** A model of one of the families: a layer of `TextInputs`, and what it was made of. */
export interface Transformer<Head extends HeadName = HeadName> extends Layer<TransformerParams<Head>, null, TextInputs, HeadOutputs[Head]> {
  readonly config: TransformerConfig
  /** The configuration as it was given: what is saved. */
  readonly source: Readonly<Record<string, unknown>>
  readonly head: Head
  /** What the model gives before its head. */
  features(this: void, params: TransformerParams<Head>, inputs: TextInputs, context?: EvaluationContext<null>): Features
}

/** Which head a model gets. */
export interface HeadOptions<Head extends HeadName> {
  /** Default: none, so that the model gives its hidden states. */
  readonly head?: Head
  /** Classes of a classifier: how many, or their names. Default: those of the configuration. */
  readonly labels?: number | readonly string[]
}

const buildModel = <Head extends HeadName>(config: TransformerConfig, head: Head): Omit<Transformer<Head>, 'source'> => {
  const architecture = familyOf(config).architecture(config)
  const body = bodyOf(architecture, !architecture.causal && (head === 'none' || head === 'sequenceClassification'))
  const top = headOf(head, architecture, labelsOf(config).count)
  const features = (params: TransformerParams<Head>, inputs: TextInputs, context: Context = {}): Features =>
    body.apply(params, inputs, context)
  const layer = statelessLayer<TransformerParams<Head>, TextInputs, HeadOutputs[Head]>({
    name: config.model_type,
    init: (key) => {
      const [bodyKey, headKey] = splitKey(key)
      return { ...body.init(bodyKey), head: top.init(headKey) as HeadParams[Head] }
    },
    apply: (params, inputs, context) =>
      top.apply(params.head, {
        features: features(params, inputs, context),
        table: params.embeddings.words.table,
        inputs,
        context,
      }) as HeadOutputs[Head],
  })
  return { ...layer, config, head, features }
}

/**
 * Makes a model from a configuration, to be trained from new weights.
 *
 * @param config as `config.json` has it: `model_type` and whatever shall not be as in the first published model of that family
 * @returns a layer; `model.init(key)` draws its weights
 */
export const fromConfig = <const Head extends HeadName = 'none'>(
  config: unknown,
  { head = 'none' as Head, labels }: HeadOptions<Head> = {},
): E.Either<ConfigError, Transformer<Head>> => {
  // What is no record is left for the codec to refuse.
  const given = labels === undefined || typeof config !== 'object' ? config : { ...config, ...labelEntries(labels) }
  const decoded = decodeConfig(given)
  if (E.isLeft(decoded)) return decoded
  if (labelsOf(decoded.right).count < 1) return E.left(new ConfigError('labels', 'at least one label', labels))
  const source = given as Readonly<Record<string, unknown>>
  return E.map(() => ({ ...buildModel(decoded.right, head), source }))(checkHead(decoded.right, head))
}

/**
 * Makes a model from a configuration, to be trained from new weights.
 *
 * @param config as `config.json` has it: `model_type` and whatever shall not be as in the first published model of that family
 * @param options.head what the model is for; default: none
 * @throws {ConfigError} when an entry is wrong or asks for something that is not supported; it names the entry
 * @example
 * import { key, tensor } from '@grad-ts/tensor'
 * import { fromConfigOrThrow } from '@grad-ts/transformers'
 * const size = { vocab_size: 50, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 16 }
 * const model = fromConfigOrThrow({ model_type: 'bert', ...size }, { head: 'maskedLm' })
 * model.apply(model.init(key(0)), { inputIds: tensor([[2, 7, 3]], { dtype: 'int32' }) }).shape // => [1, 3, 50]
 */
export const fromConfigOrThrow = <const Head extends HeadName = 'none'>(
  config: unknown,
  options?: HeadOptions<Head>,
): Transformer<Head> => {
  return valueOrThrow(fromConfig<Head>(config, options))
}
