import * as E from 'fp-ts/lib/Either.js'
import { padEncodings } from '../collators/padding.ts'
import type { PaddingOptions, TextBatch } from '../collators/padding.ts'
import { TokenizerError, valueOrThrow } from '../errors.ts'
import { encodeWith } from './encode.ts'
import type { EncodeOptions, Encoding } from './encode.ts'
import { engineOf } from './engine.ts'
import { specialTokens } from './special.ts'
import type { Json, SpecialTokens } from './special.ts'
import type { Side } from './truncate.ts'

/** How texts become one batch. */
export interface BatchTextOptions extends Omit<EncodeOptions, 'pair'>, Partial<PaddingOptions> {
  /** A second text for each text. */
  readonly pairs?: readonly string[]
}

/** Turns texts into numbers of tokens and back. */
export interface Tokenizer {
  /** The length of an embedding that has a row for every token. */
  readonly vocabularySize: number
  /** The longest text of its model in tokens, special ones counted; `null` where nothing is known of it. */
  readonly maxLength: number | null
  /** Special tokens by what they are for. */
  readonly special: SpecialTokens
  /** The numbers of all special tokens. */
  readonly specialIds: readonly number[]
  /** Where padding goes, what it is, and whether batches have `tokenTypeIds`. */
  readonly padding: Pick<PaddingOptions, 'side' | 'typeIds'> & { readonly padId: number | null }
  readonly encode: (this: void, text: string, options?: EncodeOptions) => Encoding
  /** Encodes texts as one batch, padded to the longest unless told otherwise. */
  readonly batch: (this: void, texts: readonly string[], options?: BatchTextOptions) => TextBatch
  readonly decode: (this: void, ids: Iterable<number>, options?: { readonly skipSpecial?: boolean }) => string
  readonly idOf: (this: void, token: string) => number | undefined
  readonly tokenOf: (this: void, id: number) => string | undefined
  /** What it was made of: what is saved. */
  readonly source: { readonly tokenizer: Json; readonly config: Json }
}

const usesTypes = (config: Json): boolean => {
  const names = config['model_input_names']
  const kind = config['tokenizer_class']
  return Array.isArray(names) ? names.includes('token_type_ids') : typeof kind === 'string' && kind.startsWith('Bert')
}

/** Configurations without a limit have a number there that no text reaches. */
const maxLengthOf = ({ model_max_length: length }: Json): number | null => (typeof length === 'number' && length < 1e9 ? length : null)

const sideOf = (value: unknown): Side => (value === 'left' ? 'left' : 'right')

/** The parts that follow from an engine. */
const build = (tokenizer: Json, config: Json): Tokenizer => {
  const engine = engineOf(tokenizer, config)
  const idOf = (token: string): number | undefined => engine.token_to_id(token)
  const special = specialTokens(config, idOf)
  const marked = [...engine.get_added_tokens_decoder()].filter(([, token]) => token.special).map(([id]) => id)
  const named = Object.values(special).filter((id) => id !== null)
  const cutAt = sideOf(config['truncation_side'])
  const padding = { side: sideOf(config['padding_side']), typeIds: usesTypes(config), padId: special.pad }
  const encode = (text: string, options: EncodeOptions = {}): Encoding => encodeWith(engine, cutAt, text, options)
  return {
    maxLength: maxLengthOf(config),
    vocabularySize: [...engine.get_vocab().values()].reduce((most, id) => Math.max(most, id + 1), 0),
    special,
    specialIds: [...new Set([...marked, ...named])].sort((a, b) => a - b),
    padding,
    encode,
    batch: (texts, { pairs, addSpecial, maxLength, ...own } = {}) =>
      padEncodings(
        texts.map((text, i) =>
          encode(text, {
            ...(pairs === undefined ? {} : { pair: pairs[i] as string }),
            ...(addSpecial === undefined ? {} : { addSpecial }),
            ...(maxLength === undefined ? {} : { maxLength }),
          }),
        ),
        { ...padding, ...own },
      ),
    decode: (ids, { skipSpecial = false } = {}) => {
      const list = [...ids]
      return list.length === 0 ? '' : engine.decode(list, { skip_special_tokens: skipSpecial })
    },
    idOf,
    tokenOf: (id) => engine.id_to_token(id),
    source: { tokenizer, config },
  }
}

/**
 * Makes a tokenizer of the contents of `tokenizer.json` and `tokenizer_config.json`.
 *
 * @returns word pieces, byte pairs, unigrams and what else the files of fast tokenizers hold
 */
export const decodeTokenizer = (tokenizer: Json, config: Json = {}): E.Either<TokenizerError, Tokenizer> =>
  E.tryCatch(
    () => build(tokenizer, config),
    (error) => {
      if (error instanceof TokenizerError) return error
      throw error
    },
  )

/**
 * Makes a tokenizer of the contents of `tokenizer.json` and `tokenizer_config.json`.
 *
 * @throws {TokenizerError} when they are of another form
 * @example
 * import { toArray } from '@grad-ts/tensor'
 * import { decodeTokenizerOrThrow } from '@grad-ts/transformers'
 * const vocab = { '[PAD]': 0, '[UNK]': 1, '[CLS]': 2, '[SEP]': 3, whale: 4, '##s': 5 }
 * const model = { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab }
 * const parts = { normalizer: { type: 'Lowercase' }, pre_tokenizer: { type: 'BertPreTokenizer' }, decoder: { type: 'WordPiece', prefix: '##' } }
 * const post_processor = { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] }
 * const tokenizer = decodeTokenizerOrThrow({ model, ...parts, post_processor, added_tokens: [] }, { pad_token: '[PAD]' })
 * toArray(tokenizer.batch(['Whales', 'a whale']).inputIds) // => [[2, 4, 5, 3], [2, 1, 4, 3]]
 * tokenizer.decode([4, 5]) // => 'whales'
 */
export const decodeTokenizerOrThrow = (tokenizer: Json, config: Json = {}): Tokenizer => valueOrThrow(decodeTokenizer(tokenizer, config))
