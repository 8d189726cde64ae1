import { and, cast, equal, evaluate, floor, foldIn, less, minimum, mul, not, or, splitKey, tensor, uniform, where } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { TokenizerError } from '../errors.ts'
import { ignoreIndex, labelRows } from './labels.ts'
import type { LabelledBatch } from './labels.ts'
import { padEncodings } from './padding.ts'
import type { PaddingOptions, TokenSequence } from './padding.ts'

export interface MaskingOptions {
  /** The token that hides others. */
  readonly maskId: number | null
  /** Tokens that are never hidden, such as those around a text and padding. */
  readonly specialIds: readonly number[]
  /** How many tokens there are. */
  readonly vocabularySize: number
  /** Share of the tokens that are to be told. Default 0.15. */
  readonly share?: number
  /** Of these, the share that the mask hides; half of the others become any token at all, the rest stay as they are. Default 0.8. */
  readonly hidden?: number
}

export interface MaskedTokens {
  /** int32, like the tokens that came */
  readonly inputIds: Tensor
  /** int32: the tokens that are to be told, −100 everywhere else. */
  readonly labels: Tensor
}

interface MaskedRow {
  readonly ids: Constant
  readonly labels: Constant
}

const isOneOf = (ids: Tensor, few: readonly number[]): Tensor =>
  few.map((id) => equal(ids, id)).reduce((found, each) => or(found, each), less(ids, 0))

/**
 * Hides tokens by the rule of BERT: of 15 % of them, 80 % become the mask, 10 % any token and 10 % stay; labels are the tokens that were there.
 *
 * It is a function of tensors, so it can be part of a loss: with the key of the step every pass hides other tokens.
 *
 * @param key int32 `[2]`, used only here
 * @param inputIds int32, any shape
 * @returns tokens and labels of the same shape
 * @throws {TokenizerError} when there is no mask
 * @example
 * import { key, tensor, toArray } from '@grad-ts/tensor'
 * import { maskTokens } from '@grad-ts/transformers'
 * const ids = tensor([[2, 17, 11, 3]], { dtype: 'int32' })
 * const masked = maskTokens(key(0), ids, { maskId: 4, specialIds: [2, 3], vocabularySize: 20, share: 1, hidden: 1 })
 * toArray(masked.inputIds) // => [[2, 4, 4, 3]]
 * toArray(masked.labels) // => [[-100, 17, 11, -100]]
 * @see Devlin et al., BERT: pre-training of deep bidirectional transformers, 2018, arXiv:1810.04805
 */
export const maskTokens = (
  key: Tensor,
  inputIds: Tensor,
  { maskId, specialIds, vocabularySize, share = 0.15, hidden = 0.8 }: MaskingOptions,
): MaskedTokens => {
  if (maskId === null) throw new TokenizerError('there is no mask token; this tokenizer belongs to a model that was not trained with one')
  const [chooseKey, fateKey, anyKey] = splitKey(key, 3)
  const chosen = and(less(uniform(chooseKey, inputIds.shape), share), not(isOneOf(inputIds, specialIds)))
  const fate = uniform(fateKey, inputIds.shape)
  const any = cast(minimum(floor(mul(uniform(anyKey, inputIds.shape), vocabularySize)), vocabularySize - 1), 'int32')
  const changed = where(less(fate, hidden), maskId, where(less(fate, (1 + hidden) / 2), any, inputIds))
  return { inputIds: where(chosen, changed, inputIds), labels: where(chosen, inputIds, ignoreIndex) }
}

/**
 * Makes batches for masked language models with masks that never change: for validation, and for data that are read once.
 * Training sees more with `maskTokens` in its loss, which hides other tokens in every pass.
 *
 * @param options.key the same key gives the same masks: those of a sequence depend on its number alone
 * @returns a function of sequences and their numbers (default 0, 1, …) that gives `x` and int32 labels `y` `[batch, time]`, −100 for what is not to be told
 * @example
 * import { key } from '@grad-ts/tensor'
 * import { collateMaskedLm } from '@grad-ts/transformers'
 * const collate = collateMaskedLm({ padId: 0, maskId: 4, specialIds: [0, 2, 3], vocabularySize: 20, key: key(0) })
 * collate([{ ids: [2, 17, 11, 3] }, { ids: [2, 5, 3] }]).y.shape // => [2, 4]
 */
export const collateMaskedLm =
  ({ key, ...options }: PaddingOptions & MaskingOptions & { readonly key: Tensor }) =>
  (sequences: readonly TokenSequence[], numbers: ArrayLike<number> = sequences.map((_, i) => i)): LabelledBatch => {
    const masked = sequences.map(({ ids }, i) => {
      const row = maskTokens(foldIn(key, numbers[i] as number), tensor(Int32Array.from(ids)), options)
      return evaluate({ ids: row.inputIds, labels: row.labels }) as unknown as MaskedRow
    })
    const x = padEncodings(
      sequences.map((sequence, i) => ({ ...sequence, ids: (masked[i] as MaskedRow).ids.attributes.data })),
      options,
    )
    const labels = masked.map((row) => row.labels.attributes.data)
    return { x, y: labelRows(labels, x, options.side) }
  }
