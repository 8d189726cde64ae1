import type { Batch } from '../data/batches.ts'
import { signatureOf } from '../data/examples.ts'

/** Groups neighbours that are alike, at most `count` in a group. */
export async function* grouped<T>(
  source: AsyncIterable<T> | Iterable<T>,
  count: number,
  fit: (a: T, b: T) => boolean,
): AsyncGenerator<T[]> {
  let group: T[] = []
  for await (const item of source) {
    if (group.length === count || (group.length > 0 && !fit(group[0] as T, item))) {
      yield group
      group = []
    }
    group.push(item)
  }
  if (group.length > 0) yield group
}

/** Tells whether two batches fit one program. */
export const alike = (a: Batch, b: Batch): boolean =>
  a.weight.shape[0] === b.weight.shape[0] && signatureOf(a.examples) === signatureOf(b.examples)

/** Keeps reading one item ahead, so that data are prepared while a program runs elsewhere. */
export async function* ahead<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  const items = source[Symbol.asyncIterator]()
  let next = items.next()
  try {
    for (;;) {
      const { done, value } = await next
      if (done === true) return
      next = items.next()
      // A failure is reported when its item is asked for.
      next.catch(() => undefined)
      yield value
    }
  } finally {
    await items.return?.()
  }
}
