import { cast, concat, constantOf, evaluate, split, transpose } from '@grad-ts/tensor'
import type { Constant, FloatDType, Shape, Tensor } from '@grad-ts/tensor'
import type { StoredWeight } from './stored.ts'

const known = (tensor: Tensor): Constant => evaluate(tensor) as Constant

/** A tensor with elements of another float type; without a copy where memory holds both alike. */
export const inDType = (tensor: Constant, dtype: FloatDType): Constant => {
  if (tensor.dtype === 'float16' && dtype === 'float32') return constantOf(tensor.attributes.data, tensor.shape, dtype)
  return tensor.dtype === dtype ? tensor : known(cast(tensor, dtype))
}

/** The shape that the file's tensor has, by the shape of (one of) its weights. */
export const storedShape = ({ transposed, paths }: StoredWeight, shape: Shape): Shape => {
  if (transposed) return shape.toReversed()
  return paths.length === 1 ? shape : [...shape.slice(0, -1), (shape.at(-1) as number) * paths.length]
}

/** The weights that a tensor of a file holds. */
export const fromStored = ({ transposed, paths }: StoredWeight, tensor: Constant): readonly Constant[] => {
  if (transposed) return [known(transpose(tensor))]
  if (paths.length === 1) return [tensor]
  const width = (tensor.shape.at(-1) as number) / paths.length
  return split(
    tensor,
    paths.map(() => width),
    -1,
  ).map(known)
}

/** The tensor of a file that holds weights. */
export const toStored = ({ transposed }: StoredWeight, weights: readonly Tensor[]): Constant => {
  const [only] = weights as readonly [Tensor]
  if (weights.length > 1) return known(concat(weights, -1))
  return known(transposed ? transpose(only) : only)
}
