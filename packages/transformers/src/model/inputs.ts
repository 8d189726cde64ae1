import { LayerError } from '@grad-ts/nn'
import type { Context } from '@grad-ts/nn'
import { notEqual } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Architecture } from './architecture.ts'

/** What a model reads. */
export type TextInputs = {
  /** Numbers of tokens, int32 `[batch, time]`. */
  readonly inputIds: Tensor
  /** Which tokens are real: bool, int32 or float `[batch, time]`, 0 for padding. Default: all. */
  readonly attentionMask?: Tensor
  /** Which segment each token belongs to, int32 `[batch, time]`. Default: 0. BERT only. */
  readonly tokenTypeIds?: Tensor
  /** Which place each token has, int32 `[batch, time]`. Default: 0, 1, 2, … */
  readonly positionIds?: Tensor
}

/** A mask as booleans. */
export const asMask = (mask: Tensor): Tensor => (mask.dtype === 'bool' ? mask : notEqual(mask, 0))

/** The context of the layers inside: the mask and the positions come with the inputs. */
export const contextOf = ({ attentionMask, positionIds }: TextInputs, context: Context): Context => ({
  ...context,
  ...(attentionMask === undefined ? {} : { mask: asMask(attentionMask) }),
  ...(positionIds === undefined ? {} : { positions: positionIds }),
})

/** Refuses segments where the model has none. */
export const checkInputs = ({ types }: Architecture, { tokenTypeIds }: TextInputs): void => {
  if (types === null && tokenTypeIds !== undefined)
    throw new LayerError('transformer', 'this model knows no segments; leave tokenTypeIds out')
}
