import { softmaxCrossEntropyWithIntegerLabels } from '@grad-ts/nn'
import type { IntegerLabelOptions } from '@grad-ts/nn'
import { cast, notEqual, tensor } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { padEncodings, paddedRows } from './padding.ts'
import type { PaddingOptions, TextBatch, TokenSequence } from './padding.ts'

/** The label of what does not count, as in PyTorch. */
export const ignoreIndex = -100

/** A batch of inputs, and what is to be told of them. */
export type LabelledBatch<Inputs = TextBatch> = {
  readonly x: Inputs
  /** int32; −100 where nothing counts. */
  readonly y: Constant
}

/** A text with its class, or with a class for every token. */
export interface LabelledSequence extends TokenSequence {
  readonly label: number | ArrayLike<number>
}

/** Rows of labels beside padded sequences. */
export const labelRows = (rows: readonly ArrayLike<number>[], { inputIds }: TextBatch, side: PaddingOptions['side']): Constant =>
  paddedRows(rows, inputIds.shape[1] as number, ignoreIndex, side)

/**
 * Makes batches for classifiers: of texts, where each has one label, or of tokens, where each has a label for every token.
 *
 * @returns a function of labelled sequences that gives `x` and int32 labels `y` `[batch]`, or `[batch, time]` with −100 for padding
 * @example
 * import { toArray } from '@grad-ts/tensor'
 * import { collateLabels } from '@grad-ts/transformers'
 * const collate = collateLabels({ padId: 0 })
 * toArray(collate([{ ids: [5, 6], label: 1 }, { ids: [7], label: 0 }]).y) // => [1, 0]
 * toArray(collate([{ ids: [5, 6], label: [3, 4] }, { ids: [7], label: [3] }]).y) // => [[3, 4], [3, -100]]
 */
export const collateLabels =
  (options: PaddingOptions) =>
  (sequences: readonly LabelledSequence[]): LabelledBatch => {
    const x = padEncodings(sequences, options)
    const labels = sequences.map(({ label }) => label)
    const areClasses = labels.every((label) => typeof label === 'number')
    return { x, y: areClasses ? tensor(Int32Array.from(labels)) : labelRows(labels as ArrayLike<number>[], x, options.side) }
  }

/**
 * Cross entropy between logits and labels that leaves out those of −100: the loss of language models and taggers.
 *
 * @param logits `[…, classes]`
 * @param labels int32 `[…]`
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { tokenLoss } from '@grad-ts/transformers'
 * const labels = tensor([[1, -100]], { dtype: 'int32' })
 * toNumber(tokenLoss(tensor([[[0, 0], [9, 9]]]), labels)) // => 0.6931471824645996
 */
export const tokenLoss = (logits: Tensor, labels: Tensor, options: IntegerLabelOptions = {}): Tensor =>
  softmaxCrossEntropyWithIntegerLabels(logits, labels, { ignoreIndex, ...options })

/**
 * Weighs labels of −100 with 0 and all others with 1: with these `weights`, `fit` averages over tokens and not over places.
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { tokenWeights } from '@grad-ts/transformers'
 * toArray(tokenWeights({ y: tensor([[7, -100]], { dtype: 'int32' }) })) // => [[1, 0]]
 */
export const tokenWeights = ({ y }: { readonly y: Tensor }): Tensor => cast(notEqual(y, ignoreIndex), 'float32')
