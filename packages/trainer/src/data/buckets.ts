import type { Dataset, Example, IndexedDataset } from './dataset.ts'
import { exampleAt } from './examples.ts'

/** Chunks of one bucket that follow each other, so that several updates fit one run of a program. */
export const turn = 4

/** Collects items by bucket and gives chunks of `size` when a bucket has enough of them for its turn. */
const collector = <Item>(size: number, bucketOf?: (item: Item) => number) => {
  const waiting = new Map<number, Item[]>()
  const enough = bucketOf === undefined ? size : size * turn
  const chunks = (items: readonly Item[]): Item[][] =>
    Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
  return {
    add: (item: Item): Item[][] => {
      const bucket = bucketOf?.(item) ?? 0
      const items = waiting.get(bucket) ?? []
      items.push(item)
      waiting.set(bucket, items)
      if (items.length < enough) return []
      waiting.delete(bucket)
      return chunks(items)
    },
    rest: (): Item[][] => [...waiting.values()].flatMap(chunks),
  }
}

/** Puts items into chunks of at most `size`, each of one bucket; part-filled chunks come last. */
export function* chunksOf<Item>(items: Iterable<Item>, size: number, bucketOf?: (item: Item) => number): Generator<Item[]> {
  const { add, rest } = collector(size, bucketOf)
  for (const item of items) yield* add(item)
  yield* rest()
}

/** `chunksOf` for a stream. */
export async function* streamChunksOf<Item>(
  items: AsyncIterable<Item>,
  size: number,
  bucketOf?: (item: Item) => number,
): AsyncGenerator<Item[]> {
  const { add, rest } = collector(size, bucketOf)
  for await (const item of items) yield* add(item)
  yield* rest()
}

const known = new WeakMap<object, Int32Array>()

/** The bucket of every example, found by one pass over them; nothing where there are no buckets. */
export const bucketsOf = <E extends Example>(dataset: IndexedDataset<E>): Int32Array | undefined => {
  const bucketOf = dataset.padding?.bucketOf
  if (bucketOf === undefined) return undefined
  const found = known.get(dataset) ?? Int32Array.from({ length: dataset.size }, (_, i) => bucketOf(exampleAt(dataset, i)))
  known.set(dataset, found)
  return found
}

const sizesOf = (buckets: Int32Array): number[] => {
  const sizes = new Map<number, number>()
  for (const bucket of buckets) sizes.set(bucket, (sizes.get(bucket) ?? 0) + 1)
  return [...sizes.values()]
}

/**
 * Tells how many batches a pass has, or how many groups of `together` batches of one shape; nothing where that is not known.
 *
 * @example
 * import { countBatches, fromColumns } from '@grad-ts/trainer'
 * import { zeros } from '@grad-ts/tensor'
 * countBatches(fromColumns({ x: zeros([10, 2]) }), 4) // => 3
 */
export const countBatches = (dataset: Dataset, batchSize: number, together = 1): number | undefined => {
  if (dataset.size === undefined || (dataset.tag === 'streamed' && dataset.padding?.bucketOf !== undefined)) return undefined
  const buckets = dataset.tag === 'indexed' ? bucketsOf(dataset) : undefined
  const sizes = buckets === undefined ? [dataset.size] : sizesOf(buckets)
  return sizes.reduce((count, size) => count + Math.ceil(Math.ceil(size / batchSize) / together), 0)
}
