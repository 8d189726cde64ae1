import { process } from './engine.ts'
import type { Engine } from './engine.ts'
import { fitting, kept } from './truncate.ts'
import type { Side } from './truncate.ts'

/** A text as tokens. */
export interface Encoding {
  /** Their numbers. */
  readonly ids: readonly number[]
  /** 0 for the first text and 1 for the second, where the tokenizer tells them apart. */
  readonly typeIds: readonly number[]
  readonly tokens: readonly string[]
}

export interface EncodeOptions {
  /** A second text, put behind the first; an empty one counts as none. */
  readonly pair?: string
  /** Whether the special tokens are added that the model expects around a text. Default true. */
  readonly addSpecial?: boolean
  /** Cuts what is longer, special tokens counted: of two texts the longer one first. Default: nothing is cut. */
  readonly maxLength?: number
}

type Bare = ReturnType<Engine['encode']>

const numbersOf = (texts: readonly Bare[]): ReadonlyMap<string, number> =>
  new Map(texts.flatMap(({ ids, tokens }) => tokens.map((token, i) => [token, ids[i] as number] as const)))

/** Encodes a text, or two. */
export const encodeWith = (engine: Engine, cutAt: Side, text: string, { pair, addSpecial = true, maxLength }: EncodeOptions): Encoding => {
  const texts = (pair === undefined || pair === '' ? [text] : [text, pair]).map((each) =>
    engine.encode(each, { add_special_tokens: false }),
  )
  const [first, second] = texts as [Bare, Bare?]
  const added = process(engine, [], second === undefined ? null : [], addSpecial).tokens.length
  const lengths = [first.tokens.length, second?.tokens.length ?? 0] as const
  const [keepFirst, keepSecond] = maxLength === undefined ? lengths : fitting(...lengths, maxLength - added)
  const cut = second === undefined ? null : kept(second.tokens, keepSecond, cutAt)
  const { tokens, token_type_ids: typeIds } = process(engine, kept(first.tokens, keepFirst, cutAt), cut, addSpecial)
  const numbers = numbersOf(texts)
  const ids = tokens.map((token) => numbers.get(token) ?? (engine.token_to_id(token) as number))
  return { ids, tokens, typeIds: typeIds ?? ids.map(() => 0) }
}
