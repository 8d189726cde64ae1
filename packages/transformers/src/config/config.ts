import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { ConfigError } from '../errors.ts'
import { families } from '../families.ts'
import type { ModelType, TransformerConfig } from '../families.ts'
import type { HeadName } from '../model/heads.ts'
import { decodeWith, oneOf } from './fields.ts'

const Kind = t.type({ model_type: oneOf(Object.keys(families) as ModelType[]) }, 'a record')

/** How a configuration calls its width and its heads. */
const namesOf = ({ model_type: type }: TransformerConfig) =>
  type === 'gpt2' ? (['n_embd', 'n_head'] as const) : (['hidden_size', 'num_attention_heads'] as const)

/** Relations that no single field can tell. */
const faultOf = (config: TransformerConfig): ConfigError | undefined => {
  const [sizeName, headsName] = namesOf(config)
  const record: Readonly<Record<string, unknown>> = config
  const [size, heads] = [Number(record[sizeName]), Number(record[headsName])]
  const headSize = 'head_dim' in config && config.head_dim !== null ? config.head_dim : size / heads
  const shared = 'num_key_value_heads' in config ? (config.num_key_value_heads ?? heads) : heads
  if (!Number.isInteger(headSize)) return new ConfigError(headsName, `a number that divides ${sizeName}, ${size}`, heads)
  if (heads % shared !== 0) return new ConfigError('num_key_value_heads', `a number that divides ${headsName}, ${heads}`, shared)
  if ('rope_theta' in config && headSize % 2 !== 0) return new ConfigError('head_dim', 'an even number, for positions turn pairs', headSize)
  return undefined
}

/**
 * Decodes the configuration of a model, as `config.json` has it. Fields that are not known stay as they are.
 *
 * @param value the JSON, parsed
 * @returns the configuration with a value for everything that it left out
 * @example
 * import { isLeft } from 'fp-ts/lib/Either.js'
 * import { decodeConfig } from '@grad-ts/transformers'
 * const answer = decodeConfig({ model_type: 'bert', hidden_act: 'maxout' })
 * isLeft(answer) && answer.left.path // => 'hidden_act'
 */
export const decodeConfig = (value: unknown): E.Either<ConfigError, TransformerConfig> => {
  const kind = decodeWith(Kind, value)
  if (E.isLeft(kind)) return kind
  const codec: t.Decoder<unknown, TransformerConfig> = families[kind.right.model_type].codec
  const config = decodeWith(codec, value)
  const fault = E.isLeft(config) ? undefined : faultOf(config.right)
  return fault === undefined ? config : E.left(fault)
}

/** What a configuration says of labels. */
export interface Labels {
  readonly count: number
  /** Their names by number, where they have any. */
  readonly names: readonly string[] | undefined
}

/** The labels of a configuration; two without names when it tells nothing, as in transformers. */
export const labelsOf = ({ id2label, num_labels: count }: TransformerConfig): Labels => {
  if (id2label === null) return { count: count ?? 2, names: undefined }
  const size = Object.keys(id2label).length
  return { count: size, names: Array.from({ length: size }, (_, i) => id2label[i] ?? `LABEL_${i}`) }
}

/** The entries of a configuration that tell of labels: a number of them, or their names. */
export const labelEntries = (labels: number | readonly string[]): Readonly<Record<string, unknown>> => {
  const names = typeof labels === 'number' ? Array.from({ length: labels }, (_, i) => `LABEL_${i}`) : labels
  return {
    id2label: Object.fromEntries(names.map((name, i) => [String(i), name])),
    label2id: Object.fromEntries(names.map((name, i) => [name, i])),
    num_labels: undefined,
  }
}

/** Refuses a head that a family lacks. */
export const checkHead = (config: TransformerConfig, head: HeadName): E.Either<ConfigError, HeadName> => {
  const known = Object.keys(families[config.model_type].heads)
  return known.includes(head)
    ? E.right(head)
    : E.left(new ConfigError('head', `one of ${known.join(', ')} for a model of type ${config.model_type}`, head))
}
