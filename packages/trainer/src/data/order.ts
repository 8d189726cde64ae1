import { evaluate, permutation } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'

/** Puts numbers into a random order that depends on the key alone. */
export const shuffled = (numbers: Int32Array, key: Tensor): Int32Array => {
  if (numbers.length < 2) return numbers
  const order = evaluate(permutation(key, numbers.length)) as Constant
  return Int32Array.from(order.attributes.data, (i) => numbers[i] as number)
}

/** The numbers 0 … size − 1, shuffled when a key is given. */
export const orderOf = (size: number, key?: Tensor): Int32Array => {
  const numbers = Int32Array.from({ length: size }, (_, i) => i)
  return key === undefined ? numbers : shuffled(numbers, key)
}
