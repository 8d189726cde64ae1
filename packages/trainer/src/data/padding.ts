import { leaves, mapWithPath } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import type { Constant } from '@grad-ts/tensor'
import { matchesPath } from '@grad-ts/optim'
import { SettingsError } from '../errors.ts'
import { stackExamples } from './dataset.ts'
import type { Dataset, Example, IndexedDataset, Padding } from './dataset.ts'
import { exampleAt } from './examples.ts'
import { bucketOf, padTo } from './pad.ts'

export interface PaddingOptions {
  /**
   * What the leaves of an example are filled up with, by path pattern; leaves that no pattern fits stay as they are
   * (default: every leaf that has an axis, with 0).
   */
  readonly fill?: Readonly<Record<string, number>>
}

/** What a leaf is filled up with; nothing where it stays as it is. */
type FillOf = (path: string, leaf: Constant) => number | undefined

const fillOf =
  ({ fill }: PaddingOptions): FillOf =>
  (path, leaf) => {
    if (fill === undefined) return leaf.shape.length === 0 ? undefined : 0
    const found = Object.entries(fill).find(([pattern]) => matchesPath(pattern, path))?.[1]
    if (found !== undefined && leaf.shape.length === 0)
      throw new SettingsError(`fill.${path}`, 'a leaf with an axis of time', 'a scalar; leave it out of `fill`')
    return found
  }

/** The length of the longest leaf that is filled up. */
const lengthOf = (example: Example, fill: FillOf): number => {
  const lengths = leaves<number>(
    mapWithPath((path, leaf: Constant) => (fill(path, leaf) === undefined ? 0 : (leaf.shape[0] as number)), example as Tree<Constant>),
  )
  return Math.max(0, ...lengths)
}

const padExample = <E extends Example>(example: E, length: number, fill: FillOf): E =>
  mapWithPath((path, leaf: Constant) => {
    const value = fill(path, leaf)
    return value === undefined ? leaf : padTo(leaf, length, value)
  }, example as Tree<Constant>) as E

/** Batches a data set with padding. */
export const padded = <E extends Example>(padding: Padding, dataset: IndexedDataset<E>): IndexedDataset<E> => ({
  tag: 'indexed',
  size: dataset.size,
  rows: (numbers) => padding.stack(Array.from(numbers, (number) => exampleAt(dataset, number))),
  padding,
})

const withPadding = <E extends Example>(padding: Padding, dataset: Dataset<E>): Dataset<E> =>
  dataset.tag === 'indexed' ? padded(padding, dataset) : { ...dataset, padding }

/**
 * Fills every batch up to the longest of its examples. Every length is a program of its own, so this suits few lengths, or a rounding.
 *
 * @param options.multipleOf rounds the length up (default 1)
 * @param options.fill what each leaf is filled up with (default: 0)
 * @example
 * import { fromSequences, padToLongest } from '@grad-ts/trainer'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const data = padToLongest(fromSequences([[1, 2, 3], [4]], (numbers) => ({ x: tensor(numbers) })), { multipleOf: 4, fill: { x: -1 } })
 * toArray(data.rows(Int32Array.of(0, 1)).x) // => [[1, 2, 3, -1], [4, -1, -1, -1]]
 */
export function padToLongest<E extends Example>(
  dataset: IndexedDataset<E>,
  options?: PaddingOptions & { readonly multipleOf?: number },
): IndexedDataset<E>
export function padToLongest<E extends Example>(
  dataset: Dataset<E>,
  options?: PaddingOptions & { readonly multipleOf?: number },
): Dataset<E>
export function padToLongest<E extends Example>(
  dataset: Dataset<E>,
  { multipleOf = 1, ...options }: PaddingOptions & { readonly multipleOf?: number } = {},
): Dataset<E> {
  const fill = fillOf(options)
  const padding: Padding = {
    stack: (examples) => {
      const longest = Math.max(...examples.map((example) => lengthOf(example, fill)))
      const length = Math.ceil(longest / multipleOf) * multipleOf
      return stackExamples(examples.map((example) => padExample(example, length, fill)))
    },
  }
  return withPadding(padding, dataset)
}

/**
 * Fills every example up to the smallest bucket that it fits and batches only examples of one bucket, so that a run has as many shapes as
 * there are buckets. The order stays random: buckets take turns, some batches of each at a time.
 *
 * @param buckets lengths; the largest must fit the longest example
 * @param options.fill what each leaf is filled up with (default: 0)
 * @example
 * import { batchesOf, fromSequences, padToBuckets } from '@grad-ts/trainer'
 * import { tensor } from '@grad-ts/tensor'
 * const words = fromSequences(['a', 'been', 'be', 'on', 'then'], (word) => ({ x: tensor([...word].map((c) => c.charCodeAt(0))) }))
 * const shapes = []
 * for await (const { examples } of batchesOf(padToBuckets([2, 4], words), { batchSize: 2 })) shapes.push(examples.x.shape)
 * shapes // => [[2, 2], [2, 2], [2, 4]]
 */
export function padToBuckets<E extends Example>(
  buckets: readonly number[],
  dataset: IndexedDataset<E>,
  options?: PaddingOptions,
): IndexedDataset<E>
export function padToBuckets<E extends Example>(buckets: readonly number[], dataset: Dataset<E>, options?: PaddingOptions): Dataset<E>
export function padToBuckets<E extends Example>(buckets: readonly number[], dataset: Dataset<E>, options: PaddingOptions = {}): Dataset<E> {
  const fill = fillOf(options)
  const bucket = (example: Example): number => bucketOf(lengthOf(example, fill), buckets)
  const padding: Padding = {
    bucketOf: bucket,
    stack: (examples) => {
      const length = Math.max(...examples.map(bucket))
      return stackExamples(examples.map((example) => padExample(example, length, fill)))
    },
  }
  return withPadding(padding, dataset)
}
