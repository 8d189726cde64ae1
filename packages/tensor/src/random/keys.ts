import { tensor } from '../create.ts'
import { add, mul } from '../elementwise.ts'
import { DTypeError, ShapeError } from '../errors.ts'
import { concat, reshape, sliceAxis } from '../layout.ts'
import { bitsOf } from '../ops/random.ts'
import type { Shape } from '../shape.ts'
import { isTensor, node } from '../tensor.ts'
import type { Constant, Tensor } from '../tensor.ts'

// Each way to use a key works on a stream of its own, so that the children of a key share nothing with what is drawn from it.
const seedStream = 0x3c6ef372
const splitStream = 0x1b873593
const foldStream = 0x27d4eb2f

/** Adds to the second word of a key, which selects the stream. */
const stream = (key: Tensor, number: number): Tensor => add(key, tensor(Int32Array.of(0, number)))

/** 32 random bits for each element, a pure function of the key and the position: the source of everything random here. */
export const randomBits = (key: Tensor, shape: Shape): Tensor => node('randomBits', [key], { shape })

/**
 * Makes a random key from a seed. The same seed gives the same numbers on every device.
 *
 * @param seed a whole number, up to 2^53 in size
 * @returns int32 `[2]`
 * @example
 * import { key, toArray } from '@grad-ts/tensor'
 * toArray(key(42)) // => [-1388559094, 1069111416]
 */
export const key = (seed: number): Constant => {
  if (!Number.isSafeInteger(seed)) throw new ShapeError('key', [], `expected a whole number as seed, got ${seed}`)
  return tensor(bitsOf(seed | 0, (Math.floor(seed / 2 ** 32) + seedStream) | 0, 2))
}

/** A tuple of as many keys as a static count says, up to 16; an array for more, or where the count is known only at run time. */
export type Keys<Count extends number, Found extends Tensor[] = []> = number extends Count
  ? Tensor[]
  : Found['length'] extends Count
    ? Found
    : Found['length'] extends 16
      ? Tensor[]
      : Keys<Count, [...Found, Tensor]>

/**
 * Makes independent keys out of one. Use each key once: draw with it or split it, not both.
 *
 * @param count static number of keys, default 2
 * @example
 * import { key, normal, splitKey } from '@grad-ts/tensor'
 * const [kernelKey, biasKey] = splitKey(key(0))
 * normal(kernelKey, [784, 512]).shape // => [784, 512]
 */
export const splitKey = <Count extends number = 2>(key: Tensor, count = 2 as Count): Keys<Count> => {
  const keys = randomBits(stream(key, splitStream), [count, 2])
  return Array.from({ length: count }, (_, i) => reshape(sliceAxis(keys, 0, { start: i, end: i + 1 }), [2])) as Keys<Count>
}

const wholeScalar = (data: Tensor | number): Tensor => {
  const value = isTensor(data) ? data : tensor(Int32Array.of(data), { shape: [] })
  if (value.dtype !== 'int32') throw new DTypeError('foldIn', [value], "expected an int32 scalar; convert with cast(x, 'int32')")
  return reshape(value, [1])
}

/**
 * Makes a new key from a key and a number, such as the step of a training run or the position of a layer.
 *
 * @param data a whole number, or an int32 scalar of the graph
 * @example
 * import { foldIn, key, toArray } from '@grad-ts/tensor'
 * toArray(foldIn(key(0), 7)) // => [-1543309253, 995643550]
 */
export const foldIn = (key: Tensor, data: Tensor | number): Tensor => {
  const position = mul(wholeScalar(data), 2)
  return randomBits(add(stream(key, foldStream), concat([position, tensor(Int32Array.of(0))])), [2])
}
