import { add, div, mul, pow, square } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at } from '../define.ts'
import type { Scalar } from '../transformation.ts'
import { oneMinus, oneMinusPower } from './scalars.ts'

const toOrder = (x: Tensor, order: number): Tensor => {
  if (order === 1) return x
  return order === 2 ? square(x) : pow(x, order)
}

/** decay·moment + (1 − decay)·x, for one leaf. */
export const decayed = (x: Tensor, moment: Tensor, decay: Scalar): Tensor =>
  add(mul(moment, at(decay, moment)), mul(x, at(oneMinus(decay), x)))

/**
 * The exponential average of powers of the updates: decay·m + (1 − decay)·g^order, leaf by leaf.
 *
 * @example
 * import { updateMoment } from '@grad-ts/optim'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * toArray(updateMoment(tensor([2]), tensor([4]), 0.5, 1) as Tensor) // => [3]
 */
export const updateMoment = (updates: Tree<Tensor>, moments: Tree<Tensor>, decay: Scalar, order: number): Tree<Tensor> =>
  map((x: Tensor, moment: Tensor) => decayed(toOrder(x, order), moment, decay), updates, moments)

/** The factor 1 − decayᵗ in the dtype of each leaf, made once per dtype. */
export const correctionFor = (decay: Scalar, t: Tensor): ((leaf: Tensor) => Tensor) => {
  const made = new Map<string, Tensor>()
  return (leaf) => {
    const known = made.get(leaf.dtype) ?? oneMinusPower(decay, t, leaf.dtype)
    made.set(leaf.dtype, known)
    return known
  }
}

/**
 * Corrects averages that started at zero: m / (1 − decayᵗ), exact from the first step to the ten millionth.
 *
 * @param count this step's number, from 1; int32 `[]`
 */
export const biasCorrection = (moments: Tree<Tensor>, decay: Scalar, count: Tensor): Tree<Tensor> => {
  const correction = correctionFor(decay, count)
  return map((moment: Tensor) => div(moment, correction(moment)), moments)
}
