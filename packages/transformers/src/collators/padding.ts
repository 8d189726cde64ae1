import { tensor } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { TokenizerError } from '../errors.ts'

/** A sequence of tokens, such as a tokenizer makes. */
export interface TokenSequence {
  readonly ids: ArrayLike<number>
  /** Which segment each token belongs to. Default: 0. */
  readonly typeIds?: ArrayLike<number>
}

/** How long sequences become: the longest of the batch, the next multiple, the next of some lengths, or one length for all. */
export type PadTo = 'longest' | { readonly multipleOf: number } | { readonly buckets: readonly number[] } | { readonly length: number }

export interface PaddingOptions {
  /** The token of padding; `null` is fine as long as nothing needs to be padded. */
  readonly padId: number | null
  /** Default: longest. */
  readonly to?: PadTo
  /** Default: right. */
  readonly side?: 'left' | 'right'
  /** Whether the batch has `tokenTypeIds`. Default false. */
  readonly typeIds?: boolean
}

/** A batch of sequences: what models read. */
export type TextBatch = {
  /** int32 `[batch, time]` */
  readonly inputIds: Constant
  /** int32 `[batch, time]`: 1 for tokens, 0 for padding. */
  readonly attentionMask: Constant
  /** int32 `[batch, time]` */
  readonly tokenTypeIds?: Constant
}

/**
 * The length that sequences are padded to.
 *
 * @throws {TokenizerError} when one is longer than a fixed length
 */
export const paddedLength = (lengths: readonly number[], to: PadTo = 'longest'): number => {
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0)
  if (to === 'longest') return longest
  if ('multipleOf' in to) return Math.ceil(longest / to.multipleOf) * to.multipleOf
  const allowed = 'buckets' in to ? to.buckets : [to.length]
  const fitting = allowed.filter((length) => length >= longest)
  if (fitting.length === 0)
    throw new TokenizerError(
      `expected sequences of at most ${Math.max(...allowed)} tokens, got one of ${longest}; give maxLength to cut it`,
    )
  return Math.min(...fitting)
}

/** Rows of numbers, filled up to one length: int32 `[rows, length]`. */
export const paddedRows = (
  rows: readonly ArrayLike<number>[],
  length: number,
  value: number,
  side: 'left' | 'right' = 'right',
): Constant => {
  const data = new Int32Array(rows.length * length).fill(value)
  rows.forEach((row, i) => data.set(row, i * length + (side === 'left' ? length - row.length : 0)))
  return tensor(data, { shape: [rows.length, length] })
}

const ones = ({ length }: ArrayLike<number>): Int32Array => new Int32Array(length).fill(1)

/** The number that fills sequences up. */
const fillOf = (padId: number | null, lengths: readonly number[], length: number): number => {
  if (padId === null && lengths.some((each) => each < length))
    throw new TokenizerError('there is no padding token; give padId: any token will do, such as the end of a text, for the mask hides it')
  return padId ?? 0
}

/**
 * Pads sequences to one length and stacks them.
 *
 * @param sequences what a tokenizer made of texts
 * @returns int32 tensors `[batch, time]`
 * @throws {TokenizerError} when a sequence is longer than a fixed length, or padding is needed and there is no token for it
 * @example
 * import { toArray } from '@grad-ts/tensor'
 * import { padEncodings } from '@grad-ts/transformers'
 * const { inputIds, attentionMask } = padEncodings([{ ids: [5, 6, 7] }, { ids: [8] }], { padId: 0, to: { multipleOf: 4 } })
 * toArray(inputIds) // => [[5, 6, 7, 0], [8, 0, 0, 0]]
 * toArray(attentionMask) // => [[1, 1, 1, 0], [1, 0, 0, 0]]
 */
export const padEncodings = (sequences: readonly TokenSequence[], { padId, to, side, typeIds = false }: PaddingOptions): TextBatch => {
  const lengths = sequences.map(({ ids }) => ids.length)
  const length = paddedLength(lengths, to)
  const rows = (of: (sequence: TokenSequence) => ArrayLike<number>, value: number): Constant =>
    paddedRows(sequences.map(of), length, value, side)
  return {
    inputIds: rows(({ ids }) => ids, fillOf(padId, lengths, length)),
    attentionMask: rows(({ ids }) => ones(ids), 0),
    ...(typeIds ? { tokenTypeIds: rows(({ ids, typeIds: own }) => own ?? new Int32Array(ids.length), 0) } : {}),
  }
}
