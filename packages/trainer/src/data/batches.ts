import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { allocate, constantOf, tensor } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { stackExamples } from './dataset.ts'
import type { Dataset, Example, IndexedDataset, StreamedDataset } from './dataset.ts'
import { orderOf } from './order.ts'
import { shuffleBuffer } from './shuffle-buffer.ts'

/** Examples that are computed together. The rows after `count` are padding, of weight 0. */
export interface Batch<E extends Example = Example> {
  readonly examples: E
  /** `[rows]` float32: 1 for an example, 0 for padding. */
  readonly weight: Constant
  readonly count: number
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

async function* indexedBatches<E extends Example>(dataset: IndexedDataset<E>, options: BatchOptions): AsyncGenerator<Batch<E>> {
  const { batchSize, key, pad = true, skip = 0 } = options
  const order = orderOf(dataset.size, key)
  for (let start = skip * batchSize; start < dataset.size; start += batchSize) {
    const chosen = order.subarray(start, start + batchSize)
    const examples = dataset.rows(chosen)
    const rows = pad ? batchSize : chosen.length
    yield { examples: padRows(examples, chosen.length, rows), weight: weightOf(rows, chosen.length), count: chosen.length }
  }
}

async function* streamedBatches<E extends Example>(dataset: StreamedDataset<E>, options: BatchOptions): AsyncGenerator<Batch<E>> {
  const { batchSize, key, pad = true, skip = 0 } = options
  const finish = (waiting: readonly E[]): Batch<E> => {
    const rows = pad ? batchSize : waiting.length
    return {
      examples: padRows(stackExamples(waiting), waiting.length, rows),
      weight: weightOf(rows, waiting.length),
      count: waiting.length,
    }
  }
  let left = skip * batchSize
  let waiting: E[] = []
  for await (const example of key === undefined
    ? dataset.examples()
    : shuffleBuffer(dataset.examples(), options.shuffleBuffer ?? 10_000, key)) {
    if (left > 0) {
      left -= 1
      continue
    }
    waiting.push(example)
    if (waiting.length < batchSize) continue
    yield finish(waiting)
    waiting = []
  }
  if (waiting.length > 0) yield finish(waiting)
}

/**
 * Makes one pass over a data set in batches; every example comes exactly once.
 *
 * @returns batches of one shape: the last one is filled up with rows of weight 0
 */
export const batchesOf = <E extends Example>(dataset: Dataset<E>, options: BatchOptions): AsyncGenerator<Batch<E>> =>
  dataset.tag === 'indexed' ? indexedBatches(dataset, options) : streamedBatches(dataset, options)

/** How many batches a pass has, where the size is known. */
export const countBatches = (dataset: Dataset, batchSize: number): number | undefined =>
  dataset.size === undefined ? undefined : Math.ceil(dataset.size / batchSize)
