import { ignoreIndex, labelRows } from './labels.ts'
import type { LabelledBatch } from './labels.ts'
import { padEncodings } from './padding.ts'
import type { PaddingOptions, TokenSequence } from './padding.ts'

const nextOf = ({ ids }: TokenSequence): Int32Array =>
  Int32Array.from({ length: ids.length }, (_, i) => (i + 1 < ids.length ? (ids[i + 1] as number) : ignoreIndex))

/**
 * Makes batches for language models that read from left to right: the label of each token is the one that follows it.
 *
 * @returns a function of sequences that gives `x` and int32 labels `y` `[batch, time]`, −100 for last tokens and padding
 * @example
 * import { toArray } from '@grad-ts/tensor'
 * import { collateCausalLm } from '@grad-ts/transformers'
 * toArray(collateCausalLm({ padId: 0 })([{ ids: [5, 6, 7] }, { ids: [8, 9] }]).y) // => [[6, 7, -100], [9, -100, -100]]
 */
export const collateCausalLm =
  (options: PaddingOptions) =>
  (sequences: readonly TokenSequence[]): LabelledBatch => {
    const x = padEncodings(sequences, options)
    return { x, y: labelRows(sequences.map(nextOf), x, options.side) }
  }

/**
 * Joins sequences into one and cuts it into blocks of one length, so that nothing needs padding; what is left over at the end is dropped.
 *
 * @param length of a block, in tokens
 * @param separator the token put behind each sequence, such as the end of a text (default: none)
 * @example
 * import { packTokens } from '@grad-ts/transformers'
 * packTokens([{ ids: [1, 2, 3] }, { ids: [4, 5] }], 3, 0).map(({ ids }) => [...ids]) // => [[1, 2, 3], [0, 4, 5]]
 */
export const packTokens = (
  sequences: readonly TokenSequence[],
  length: number,
  separator?: number,
): readonly { readonly ids: Int32Array }[] => {
  const between = separator === undefined ? 0 : 1
  const all = new Int32Array(sequences.reduce((total, { ids }) => total + ids.length + between, 0))
  let end = 0
  for (const { ids } of sequences) {
    all.set(ids, end)
    end += ids.length
    if (separator !== undefined) all[end++] = separator
  }
  return Array.from({ length: Math.floor(end / length) }, (_, i) => ({ ids: all.subarray(i * length, (i + 1) * length) }))
}
