import { Tokenizer } from '@huggingface/tokenizers'
import { TokenizerError } from '../errors.ts'
import { plainTokens } from './special.ts'
import type { Json } from './special.ts'

/** Tokens with special ones around them. */
export interface Processed {
  readonly tokens: readonly string[]
  readonly token_type_ids?: readonly number[]
}

/** What is used of the library; its own declarations cannot be resolved by Node's rules. */
export interface Engine {
  readonly post_processor: ((first: string[], second: string[] | null, addSpecial: boolean) => Processed) | null
  encode(text: string, options: { readonly add_special_tokens: boolean }): { readonly ids: number[]; readonly tokens: string[] }
  decode(ids: number[], options: { readonly skip_special_tokens: boolean }): string
  token_to_id(token: string): number | undefined
  id_to_token(id: number): string | undefined
  get_vocab(): Map<string, number>
  get_added_tokens_decoder(): Map<number, { readonly special: boolean }>
}

/**
 * Makes the library's tokenizer of two files.
 *
 * @throws {TokenizerError} when they are of a form that it does not know
 */
export const engineOf = (tokenizer: Json, config: Json): Engine => {
  try {
    const made: unknown = new Tokenizer(tokenizer, { ...config, ...plainTokens(config) })
    return made as Engine
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TokenizerError(`${reason}; expected the content of tokenizer.json and tokenizer_config.json`, { cause })
  }
}

/** Puts special tokens around texts. Where no template says how, the second text simply follows the first. */
export const process = (engine: Engine, first: readonly string[], second: readonly string[] | null, addSpecial: boolean): Processed => {
  const made = engine.post_processor?.([...first], second === null ? null : [...second], addSpecial)
  // The byte-level processor of the library forgets the second text.
  const isWhole = made !== undefined && made.tokens.length >= first.length + (second?.length ?? 0)
  return isWhole ? made : { tokens: [...first, ...(second ?? [])] }
}
