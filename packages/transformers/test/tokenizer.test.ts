import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { isLeft } from 'fp-ts/lib/Either.js'
import { toArray } from '@grad-ts/tensor'
import { describe, expect, test } from 'vitest'
import { decodeTokenizer, loadTokenizer, loadTokenizerOrThrow, saveTokenizerOrThrow } from '../src/index.ts'
import type { TextBatch } from '../src/index.ts'
import { fitting } from '../src/tokenizer/truncate.ts'

const folderOf = (name: string): string => fileURLToPath(new URL(`./fixtures/tokenizers/${name}`, import.meta.url))

interface Ids {
  readonly input_ids: readonly number[]
  readonly token_type_ids?: readonly number[]
}

type Rows = Readonly<Record<string, readonly (readonly number[])[]>>

/** What transformers made of some texts. */
interface Expected {
  readonly texts: readonly { readonly text: string; readonly ids: readonly number[]; readonly decoded: string }[]
  readonly bare: readonly { readonly text: string; readonly ids: readonly number[] }[]
  readonly pairs: readonly (Ids & { readonly pair: readonly [string, string] })[]
  readonly longest: number
  readonly truncated: readonly (Ids & { readonly pair: readonly [string, string] })[]
  readonly short: readonly (Ids & { readonly text: string })[]
  readonly batch?: Rows
  readonly multiple?: Rows
  readonly fixed?: Rows
}

const asRows = ({ inputIds, attentionMask, tokenTypeIds }: TextBatch): unknown => ({
  input_ids: toArray(inputIds),
  attention_mask: toArray(attentionMask),
  ...(tokenTypeIds === undefined ? {} : { token_type_ids: toArray(tokenTypeIds) }),
})

describe.each(['word-piece', 'byte-pairs', 'unigram'])('%s, as the reference does it', async (name) => {
  const tokenizer = await loadTokenizerOrThrow(folderOf(name))
  const expected = JSON.parse(await readFile(join(folderOf(name), 'expected.json'), 'utf8')) as Expected
  const texts = expected.texts.map(({ text }) => text)

  test.each(expected.texts)('text $text', ({ text, ids, decoded }) => {
    expect(tokenizer.encode(text).ids).toEqual(ids)
    expect(tokenizer.decode(ids)).toBe(decoded)
  })

  test('texts without special tokens', () => {
    for (const { text, ids } of expected.bare) expect(tokenizer.encode(text, { addSpecial: false }).ids).toEqual(ids)
  })

  test('two texts, with their segments', () => {
    for (const { pair, input_ids: ids, token_type_ids: typeIds } of expected.pairs) {
      const found = tokenizer.encode(pair[0], { pair: pair[1] })
      expect([found.ids, typeIds === undefined ? undefined : found.typeIds]).toEqual([ids, typeIds])
    }
  })

  test('cut texts', () => {
    for (const { text, input_ids: ids } of expected.short) expect(tokenizer.encode(text, { maxLength: 5 }).ids).toEqual(ids)
    for (const { pair, input_ids: ids } of expected.truncated)
      expect(tokenizer.encode(pair[0], { pair: pair[1], maxLength: expected.longest }).ids).toEqual(ids)
  })

  // The byte pairs have no token for padding.
  const { batch } = expected
  if (batch !== undefined)
    test('batches', () => {
      expect(asRows(tokenizer.batch(texts.slice(0, 6)))).toEqual(batch)
      expect(asRows(tokenizer.batch(texts.slice(0, 3), { to: { multipleOf: 8 } }))).toEqual(expected.multiple)
      expect(asRows(tokenizer.batch(texts.slice(0, 3), { to: { length: 12 }, maxLength: 12 }))).toEqual(expected.fixed)
    })

  test('is the same after it was written and read again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tokenizer-'))
    await saveTokenizerOrThrow(folder, tokenizer)
    const again = await loadTokenizerOrThrow(folder)
    expect(texts.map((text) => again.encode(text).ids)).toEqual(expected.texts.map(({ ids }) => ids))
    expect(again.special).toEqual(tokenizer.special)
    await rm(folder, { recursive: true })
  })
})

describe('a tokenizer', async () => {
  const [pieces, bytes] = await Promise.all(['word-piece', 'byte-pairs'].map((name) => loadTokenizerOrThrow(folderOf(name))))

  test('knows its special tokens', () => {
    expect(pieces?.special).toEqual({ pad: 0, unk: 1, cls: 2, sep: 3, mask: 4, bos: null, eos: null })
    expect(pieces?.specialIds).toEqual([0, 1, 2, 3, 4])
    expect([pieces?.vocabularySize, bytes?.vocabularySize]).toEqual([220, 340])
    expect([pieces?.maxLength, bytes?.maxLength]).toEqual([24, null])
    expect([pieces?.tokenOf(4), pieces?.idOf('[SEP]'), bytes?.special.pad]).toEqual(['[MASK]', 3, null])
    expect(pieces?.decode([2, 26, 3], { skipSpecial: true })).toBe('a')
    expect(pieces?.decode([])).toBe('')
  })

  test('says what is missing for padding', () => {
    expect(() => bytes?.batch(['a', 'abc'])).toThrow('there is no padding token; give padId')
    expect(bytes?.batch(['a', 'b']).inputIds.shape).toEqual([2, 1])
    expect(bytes?.batch(['a', 'much longer'], { padId: 0 }).inputIds.shape[0]).toBe(2)
    expect(() => pieces?.batch(['call me ishmael'], { to: { length: 4 } })).toThrow('expected sequences of at most 4 tokens')
    expect(() => pieces?.encode('a', { maxLength: 1 })).toThrow('expected a maxLength that the special tokens fit into')
  })
})

test('of two texts the longer one gives way', () => {
  const length = fc.nat(30)
  fc.assert(
    fc.property(length, length, length, (first, second, room) => {
      const [a, b] = fitting(first, second, room)
      expect(a + b).toBe(Math.min(first + second, room))
      expect(a <= first && b <= second).toBe(true)
      const isEven = Math.abs(a - b) <= 1
      expect(isEven || (first <= second ? a === first : b === second)).toBe(true)
    }),
  )
})

describe('files', () => {
  test('that are missing or of another form are errors', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tokenizer-'))
    const failure = async (): Promise<string> => {
      const answer = await loadTokenizer(folder)()
      return isLeft(answer) ? `${answer.left.tag}: ${answer.left.message}` : 'it was accepted'
    }
    expect(await failure()).toMatch(
      /^MissingFileError: .*tokenizer\.json: no such file; nothing is fetched\. It is published as tokenizer\.json of/,
    )
    await writeFile(join(folder, 'vocab.txt'), '')
    expect(await failure()).toMatch(/^TokenizerError: .* has vocab\.txt and no tokenizer\.json, which is what is read/)
    await writeFile(join(folder, 'tokenizer.json'), '{')
    expect(await failure()).toMatch(/^TokenizerError: .*tokenizer\.json is not JSON/)
    await writeFile(join(folder, 'tokenizer.json'), '{"model":{"type":"Magic"}}')
    expect(await failure()).toMatch(/^TokenizerError: /)
    await rm(folder, { recursive: true })
    const empty = decodeTokenizer({})
    expect(isLeft(empty) && empty.left.message).toMatch('expected the content of tokenizer.json and tokenizer_config.json')
  })
})
