import { get } from '@grad-ts/tree'
import { cast, expandDims, mul, sin, sum } from '@grad-ts/tensor'
import { arange, reshape, sizeOf } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { familyOf } from '../src/families.ts'
import type { HeadName, TextInputs, Transformer, TransformerParams } from '../src/index.ts'
import { toStored } from '../src/weights/layout.ts'

/** The greatest difference between elements. */
export const distance = (found: Tensor, expected: Constant | undefined): number => {
  const data = Array.from((found as Constant).attributes.data)
  const wanted = Array.from(expected?.attributes.data ?? [])
  if (data.length !== wanted.length) return Infinity
  return data.reduce((most, value, i) => Math.max(most, Math.abs(value - (wanted[i] as number))), 0)
}

/** The result that the recorded loss is made of: logits, or the last hidden state. */
export const resultOf = (model: Transformer, params: TransformerParams, inputs: TextInputs): Tensor =>
  model.head === 'none' ? model.features(params, inputs).lastHiddenState : (model.apply(params, inputs) as Tensor)

/** Σ result·sin(0, 1, 2, …), without the places of padding: what the gradients of the fixtures are of. */
export const lossOf = (model: Transformer, params: TransformerParams, inputs: TextInputs): Tensor => {
  const result = resultOf(model, params, inputs)
  const { attentionMask } = inputs
  const kept =
    attentionMask === undefined || result.shape.length < 3 ? result : mul(result, expandDims(cast(attentionMask, result.dtype), -1))
  return sum(mul(kept, reshape(sin(arange(sizeOf(kept.shape), kept.dtype)), kept.shape)))
}

/** Gradients as the tensors of a file: by their names there, in the layout there. */
export const inFile = (model: Transformer, gradients: TransformerParams, head: HeadName): ReadonlyMap<string, Constant> => {
  const { weights, prefix } = familyOf(model.config)
  return new Map(
    weights(model.config, head).map((weight) => {
      const name = weight.part === 'head' || head === 'none' ? weight.name : `${prefix}${weight.name}`
      return [
        name,
        toStored(
          weight,
          weight.paths.map((path) => get<Tensor>(gradients as never, path) as Tensor),
        ),
      ]
    }),
  )
}
