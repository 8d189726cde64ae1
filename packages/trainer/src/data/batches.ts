import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { allocate, constantOf, tensor } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { bucketsOf, chunksOf, streamChunksOf } from './buckets.ts'
import { stackExamples } from './dataset.ts'
import type { Dataset, Example, IndexedDataset, StreamedDataset } from './dataset.ts'
import { sliceExamples } from './examples.ts'
import { orderOf } from './order.ts'
import { shuffleBuffer } from './shuffle-buffer.ts'

/** Examples that are computed together. The rows after `count` are padding, of weight 0. */
export interface Batch<E extends Example = Example> {
  readonly examples: E
  /** `[rows]` float32: 1 for an example, 0 for padding. */
  readonly weight: Constant
  readonly count: number
  /** Which examples these are: by their number, or for a stream by their place in the pass. */
  readonly numbers: Int32Array
}

export interface BatchOptions {
  /** Rows of a batch, at least 1. */
  readonly batchSize: number
  /** Shuffles the pass; left out, the examples come as stored. */
  readonly key?: Tensor
  /** Fills the last batch up with zero rows of weight 0 (default true), so that all batches have one shape. */
  readonly pad?: boolean
  /** Batches to skip at the start. */
  readonly skip?: number
  /** How many examples of a stream wait to be drawn from at random (default 10,000). */
  readonly shuffleBuffer?: number
}

const weightOf = (rows: number, count: number): Constant => tensor(new Float32Array(rows).fill(1, 0, count))

/** Adds rows of zeros. */
const padRows = <E extends Example>(examples: E, count: number, rows: number): E =>
  count === rows
    ? examples
    : (map(({ attributes, shape, dtype }: Constant) => {
        const data = allocate(dtype, (attributes.data.length / count) * rows)
        data.set(attributes.data)
        return constantOf(data, [rows, ...shape.slice(1)], dtype)
      }, examples as Tree<Constant>) as E)

/** Cuts stacked examples into batches of one shape. */
function* cut<E extends Example>(examples: E, numbers: Int32Array, { batchSize, pad = true }: BatchOptions): Generator<Batch<E>> {
  for (let start = 0; start < numbers.length; start += batchSize) {
    const own = numbers.subarray(start, start + batchSize)
    const rows = pad ? batchSize : own.length
    const part = own.length === numbers.length ? examples : sliceExamples(examples, start, start + own.length)
    yield { examples: padRows(part, own.length, rows), weight: weightOf(rows, own.length), count: own.length, numbers: own }
  }
}

/** Makes groups of batches out of chunks of examples, but for the first ones. */
async function* groupsOfChunks<E extends Example, Chunk>(
  chunks: AsyncIterable<Chunk> | Iterable<Chunk>,
  make: (chunk: Chunk) => readonly [examples: E, numbers: Int32Array],
  options: BatchOptions,
): AsyncGenerator<Batch<E>[]> {
  let left = options.skip ?? 0
  for await (const chunk of chunks) {
    if (left > 0) left -= 1
    else yield [...cut(...make(chunk), options)]
  }
}

/** Neighbours in an order. */
function* neighbours(order: Int32Array, size: number): Generator<Int32Array> {
  for (let start = 0; start < order.length; start += size) yield order.subarray(start, start + size)
}

const indexedGroups = <E extends Example>(
  dataset: IndexedDataset<E>,
  together: number,
  options: BatchOptions,
): AsyncGenerator<Batch<E>[]> => {
  const size = options.batchSize * together
  const order = orderOf(dataset.size, options.key)
  const buckets = bucketsOf(dataset)
  const chunks: Iterable<ArrayLike<number>> =
    buckets === undefined ? neighbours(order, size) : chunksOf(order, size, (number) => buckets[number] as number)
  const make = (chunk: ArrayLike<number>) => {
    const numbers = Int32Array.from(chunk)
    return [dataset.rows(numbers), numbers] as const
  }
  return groupsOfChunks(chunks, make, options)
}

interface Placed<E> {
  readonly place: number
  readonly example: E
}

async function* placed<E extends Example>(
  dataset: StreamedDataset<E>,
  { key, shuffleBuffer: size }: BatchOptions,
): AsyncGenerator<Placed<E>> {
  let place = 0
  const source = key === undefined ? dataset.examples() : shuffleBuffer(dataset.examples(), size ?? 10_000, key)
  for await (const example of source) yield { place: place++, example }
}

const streamedGroups = <E extends Example>(
  dataset: StreamedDataset<E>,
  together: number,
  options: BatchOptions,
): AsyncGenerator<Batch<E>[]> => {
  const { bucketOf, stack = stackExamples } = dataset.padding ?? {}
  const bucket = bucketOf === undefined ? undefined : ({ example }: Placed<E>) => bucketOf(example)
  const chunks = streamChunksOf(placed(dataset, options), options.batchSize * together, bucket)
  const make = (chunk: readonly Placed<E>[]) =>
    [stack(chunk.map(({ example }) => example)), Int32Array.from(chunk, ({ place }) => place)] as const
  return groupsOfChunks(chunks, make, options)
}

/**
 * Makes one pass over a data set in groups of `together` batches of one shape, such as the parts of an update; the last group, or the last
 * of each bucket, may have fewer. Here `options.skip` counts groups.
 */
export const groupsOf = <E extends Example>(dataset: Dataset<E>, together: number, options: BatchOptions): AsyncGenerator<Batch<E>[]> =>
  dataset.tag === 'indexed' ? indexedGroups(dataset, together, options) : streamedGroups(dataset, together, options)

/**
 * Makes one pass over a data set in batches; every example comes exactly once.
 *
 * @returns batches of one shape, or of one for each bucket: the last one is filled up with rows of weight 0
 */
export async function* batchesOf<E extends Example>(dataset: Dataset<E>, options: BatchOptions): AsyncGenerator<Batch<E>> {
  for await (const group of groupsOf(dataset, 1, options)) yield* group
}
