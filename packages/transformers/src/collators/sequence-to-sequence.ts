import type { Constant } from '@grad-ts/tensor'
import { labelRows } from './labels.ts'
import type { LabelledBatch } from './labels.ts'
import { padEncodings } from './padding.ts'
import type { PaddingOptions, TextBatch, TokenSequence } from './padding.ts'

/** A text and what it is to become. */
export interface SequencePair extends TokenSequence {
  /** The tokens to be written, such as a translation with its end. */
  readonly labels: ArrayLike<number>
}

/** What an encoder and a decoder read. */
export type SequenceToSequenceInputs = TextBatch & {
  /** int32 `[batch, time]`: the labels one step later, behind a first token. */
  readonly decoderInputIds: Constant
  /** int32 `[batch, time]`: 1 for tokens, 0 for padding. */
  readonly decoderAttentionMask: Constant
}

const shifted = (labels: ArrayLike<number>, start: number): Int32Array =>
  Int32Array.from({ length: labels.length }, (_, i) => (i === 0 ? start : (labels[i - 1] as number)))

/**
 * Makes batches for models that read one sequence and write another. Both are padded, each to its own length.
 *
 * @param options.startId what the decoder reads first
 * @returns a function of pairs that gives `x` with the inputs of encoder and decoder, and int32 labels `y` `[batch, time]`, −100 for padding
 * @example
 * import { toArray } from '@grad-ts/tensor'
 * import { collateSequenceToSequence } from '@grad-ts/transformers'
 * const collate = collateSequenceToSequence({ padId: 0, startId: 1 })
 * const { x, y } = collate([{ ids: [5, 6, 7], labels: [8, 2] }, { ids: [5], labels: [9, 9, 2] }])
 * toArray(x.decoderInputIds) // => [[1, 8, 0], [1, 9, 9]]
 * toArray(y) // => [[8, 2, -100], [9, 9, 2]]
 */
export const collateSequenceToSequence =
  ({ startId, ...options }: PaddingOptions & { readonly startId: number }) =>
  (pairs: readonly SequencePair[]): LabelledBatch<SequenceToSequenceInputs> => {
    // A decoder reads from the left, whichever side its encoder is padded on.
    const decoder = padEncodings(
      pairs.map(({ labels }) => ({ ids: shifted(labels, startId) })),
      { ...options, side: 'right', typeIds: false },
    )
    const inputs = padEncodings(pairs, options)
    const y = labelRows(
      pairs.map(({ labels }) => labels),
      decoder,
      'right',
    )
    return { x: { ...inputs, decoderInputIds: decoder.inputIds, decoderAttentionMask: decoder.attentionMask }, y }
  }
