import { evaluate, foldIn, randomBits } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'

/** Draws whole numbers below a bound, in blocks: a function of the key and of how many were drawn before. */
const drawsOf = (key: Tensor): ((bound: number) => number) => {
  const size = 4096
  let block = 0
  let used = size
  let bits: ArrayLike<number> = []
  return (bound) => {
    if (used === size) {
      bits = (evaluate(randomBits(foldIn(key, block), [size])) as Constant).attributes.data
      block += 1
      used = 0
    }
    return Math.floor((((bits[used++] as number) >>> 0) / 2 ** 32) * bound)
  }
}

/**
 * Shuffles a stream within a window: keeps `size` examples waiting and draws the next one among them.
 *
 * @param size examples kept in memory; as many as the stream has gives a full shuffle
 * @param key the same key gives the same order
 */
export async function* shuffleBuffer<E>(source: AsyncIterable<E> | Iterable<E>, size: number, key: Tensor): AsyncGenerator<E> {
  const draw = drawsOf(key)
  const waiting: E[] = []
  const takeOne = (): E => {
    const chosen = draw(waiting.length)
    const example = waiting[chosen] as E
    const last = waiting.pop() as E
    if (chosen < waiting.length) waiting[chosen] = last
    return example
  }
  for await (const example of source) {
    waiting.push(example)
    if (waiting.length > size) yield takeOne()
  }
  while (waiting.length > 0) yield takeOne()
}
