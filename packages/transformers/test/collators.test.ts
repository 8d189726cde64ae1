import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { evaluate, foldIn, key, tensor, toArray } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import {
  collateCausalLm,
  collated,
  collateLabels,
  collateMaskedLm,
  collateSequenceToSequence,
  ignoreIndex,
  maskTokens,
  packTokens,
  padEncodings,
} from '../src/index.ts'
import type { PaddingOptions, PadTo } from '../src/index.ts'

const rowsOf = (x: Constant): readonly (readonly number[])[] => toArray(x) as number[][]

const anyIds = fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 12 })
const anyBatch = fc.array(anyIds, { minLength: 1, maxLength: 5 }).map((rows) => rows.map((ids) => ({ ids })))
const anyTo = fc.constantFrom<PadTo>('longest', { multipleOf: 4 }, { buckets: [16, 8] }, { length: 12 })
const anyOptions = fc.record({ padId: fc.constant(0), to: anyTo, side: fc.constantFrom('left' as const, 'right' as const) })

describe('padding', () => {
  test('keeps every sequence, and the mask tells it from the padding', () =>
    fc.assert(
      fc.property(anyBatch, anyOptions, (batch, options) => {
        const { inputIds, attentionMask } = padEncodings(batch, options)
        const [ids, mask] = [rowsOf(inputIds), rowsOf(attentionMask)]
        expect(inputIds.shape).toEqual(attentionMask.shape)
        batch.forEach((sequence, row) => {
          expect(ids[row]?.filter((_, i) => mask[row]?.[i] === 1)).toEqual(sequence.ids)
          expect(ids[row]?.filter((_, i) => mask[row]?.[i] === 0).every((id) => id === 0)).toBe(true)
          expect(mask[row]?.at(options.side === 'left' ? -1 : 0)).toBe(1)
        })
      }),
    ))

  test.each<readonly [PadTo, number]>([
    ['longest', 5],
    [{ multipleOf: 4 }, 8],
    [{ buckets: [32, 6, 16] }, 6],
    [{ length: 9 }, 9],
  ])('to %j', (to, length) => {
    expect(padEncodings([{ ids: [1, 2, 3, 4, 5] }, { ids: [6] }], { padId: 0, to }).inputIds.shape).toEqual([2, length])
  })

  test('gives segments where they are asked for', () => {
    const options: PaddingOptions = { padId: 0, typeIds: true }
    expect(toArray(padEncodings([{ ids: [1, 2], typeIds: [0, 1] }, { ids: [3] }], options).tokenTypeIds as Constant)).toEqual([
      [0, 1],
      [0, 0],
    ])
  })

  test('refuses what does not fit', () => {
    expect(() => padEncodings([{ ids: [1, 2, 3] }], { padId: 0, to: { buckets: [2, 1] } })).toThrow(
      'expected sequences of at most 2 tokens, got one of 3; give maxLength to cut it',
    )
    expect(() => padEncodings([{ ids: [1] }, { ids: [] }], { padId: null })).toThrow('there is no padding token')
  })
})

describe('labels', () => {
  test('of a causal model are the next tokens', () =>
    fc.assert(
      fc.property(anyBatch, anyOptions, (batch, options) => {
        const { x, y } = collateCausalLm(options)(batch)
        const [ids, mask, labels] = [rowsOf(x.inputIds), rowsOf(x.attentionMask), rowsOf(y)]
        for (const [row, own] of labels.entries())
          own.forEach((label, i) => {
            const follows = mask[row]?.[i] === 1 && mask[row]?.[i + 1] === 1
            expect(label).toBe(follows ? ids[row]?.[i + 1] : ignoreIndex)
          })
      }),
    ))

  test('of tokens stand beside them, whichever side is padded', () => {
    const batch = [
      { ids: [1, 2, 3], label: [7, 8, 9] },
      { ids: [4], label: [5] },
    ]
    const { y } = collateLabels({ padId: 0, side: 'left' })(batch)
    expect(toArray(y)).toEqual([
      [7, 8, 9],
      [-100, -100, 5],
    ])
  })

  test('of sequence to sequence: the decoder reads them one step later', () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(anyIds, anyIds), { minLength: 1, maxLength: 4 }), anyOptions, (pairs, options) => {
        const collate = collateSequenceToSequence({ ...options, startId: 77 })
        const { x, y } = collate(pairs.map(([ids, labels]) => ({ ids, labels })))
        const [read, labels, mask] = [rowsOf(x.decoderInputIds), rowsOf(y), rowsOf(x.decoderAttentionMask)]
        pairs.forEach(([, own], row) => {
          expect(labels[row]?.filter((label) => label !== ignoreIndex)).toEqual(own)
          expect(read[row]?.slice(0, own.length)).toEqual([77, ...own.slice(0, -1)])
          expect(mask[row]?.filter((real) => real === 1).length).toBe(own.length)
          expect(labels[row]?.map((label) => Number(label !== ignoreIndex))).toEqual(mask[row])
        })
      }),
    ))

  test('blocks hold all tokens in turn, but for the rest', () =>
    fc.assert(
      fc.property(anyBatch, fc.integer({ min: 1, max: 6 }), fc.boolean(), (batch, length, separated) => {
        const blocks = packTokens(batch, length, separated ? 0 : undefined)
        const all = batch.flatMap(({ ids }) => (separated ? [...ids, 0] : ids))
        expect(blocks.flatMap(({ ids }) => [...ids])).toEqual(all.slice(0, Math.floor(all.length / length) * length))
        expect(blocks.every(({ ids }) => ids.length === length)).toBe(true)
      }),
    ))
})

describe('masking', () => {
  const options = { maskId: 4, specialIds: [0, 2, 3, 4], vocabularySize: 1000 }
  const count = 200_000
  // Every tenth token is special; the others are 500 to 508.
  const ids = tensor(Int32Array.from({ length: count }, (_, i) => (i % 10 === 0 ? 2 : 500 + (i % 9))))
  const masked = (seed: number, more = {}) => {
    const { inputIds, labels } = maskTokens(key(seed), ids, { ...options, ...more })
    return [inputIds, labels].map((x) => (evaluate(x) as Constant).attributes.data) as [Int32Array, Int32Array]
  }
  const [read, labels] = masked(1)
  const original = ids.attributes.data
  const places = Array.from({ length: count }, (_, i) => i)
  const told = places.filter((i) => labels[i] !== ignoreIndex)

  /** Whether a count is within four standard deviations of what a share makes expect. */
  const isShare = (found: number, of: number, share: number): boolean =>
    Math.abs(found - of * share) < 4 * Math.sqrt(of * share * (1 - share))

  test('never touches special tokens, and labels are the tokens that were there', () => {
    const isRight = (i: number): boolean =>
      labels[i] === ignoreIndex ? read[i] === original[i] : labels[i] === original[i] && original[i] !== 2
    expect(places.filter((i) => !isRight(i))).toEqual([])
  })

  test('takes 15 % of the tokens: 80 % become the mask, 10 % any token, 10 % stay', () => {
    expect(isShare(told.length, 0.9 * count, 0.15)).toBe(true)
    const hidden = told.filter((i) => read[i] === 4).length
    const kept = told.filter((i) => read[i] === original[i]).length
    // Any token is now and then the mask, or the one that was there.
    expect(isShare(hidden, told.length, 0.8 + 0.1 / 1000)).toBe(true)
    expect(isShare(kept, told.length, 0.1 + 0.1 / 1000)).toBe(true)
    const others = told.filter((i) => read[i] !== 4 && read[i] !== original[i]).map((i) => read[i] as number)
    expect(isShare(others.filter((id) => id < 500).length, others.length, 0.5)).toBe(true)
    expect([Math.min(...others) < 10, Math.max(...others) > 990 && Math.max(...others) < 1000]).toEqual([true, true])
    const sides = told.filter((i) => i % 2 === 1).length
    expect(isShare(sides, told.length, 5 / 9)).toBe(true)
  })

  test('is a function of the key, and obeys its shares', () => {
    const same = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => places.every((i) => a[i] === b[i])
    const [again, other] = [masked(1), masked(2)]
    expect([same(again[0], read), same(again[1], labels), same(other[1], labels)]).toEqual([true, true, false])
    const [all] = masked(3, { share: 1, hidden: 1 })
    expect(all.every((id, i) => id === (original[i] === 2 ? 2 : 4))).toBe(true)
    const [none, nothing] = masked(3, { share: 0 })
    expect([same(none, original), nothing.every((label) => label === ignoreIndex)]).toEqual([true, true])
  })

  test('needs a mask', () => {
    expect(() => maskTokens(key(0), ids, { ...options, maskId: null })).toThrow('there is no mask token')
  })

  test('in a collator, depends on the number of a sequence and not on its batch', () => {
    const sequences = Array.from({ length: 6 }, (_, i) => ({ ids: [2, ...Array.from({ length: 5 + i }, (_unused, j) => 500 + j), 3] }))
    const collate = collateMaskedLm({ ...options, padId: 0, key: foldIn(key(5), 1), share: 0.5 })
    const data = collated(sequences, collate)
    const together = data.rows(Int32Array.of(5, 3))
    const alone = data.rows(Int32Array.of(3))
    const length = sequences[3]?.ids.length as number
    expect(rowsOf(together.y)[1]?.slice(0, length)).toEqual(rowsOf(alone.y)[0])
    expect(rowsOf(together.x.inputIds)[1]?.slice(0, length)).toEqual(rowsOf(alone.x.inputIds)[0])
    expect(
      rowsOf(together.y)[1]
        ?.slice(length)
        .every((label) => label === ignoreIndex),
    ).toBe(true)
    expect(new Set(rowsOf(alone.y)[0]).size).toBeGreaterThan(1)
  })
})
