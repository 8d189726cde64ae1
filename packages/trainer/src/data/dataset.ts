import { entries, leaves, map, unflatten } from '@grad-ts/tree'
import type { MapLeaves, Tree } from '@grad-ts/tree'
import { allocate, constantOf, sameShape, showShape, sizeOf } from '@grad-ts/tensor'
import type { Constant, Shape, Tensor } from '@grad-ts/tensor'
import { SettingsError } from '../errors.ts'
import { settle } from '../internal/settle.ts'

/** One example, or a batch of them: a tree of constants. In a batch every leaf has one more axis in front. */
export type Example = Tree<Constant>

/** How examples of different lengths come together in a batch. */
export interface Padding {
  /** Puts examples on top of each other, filled up to one length. */
  readonly stack: <E extends Example>(examples: readonly E[]) => E
  /** The length that an example is filled up to: only those with the same one share a batch (default: any may). */
  readonly bucketOf?: (example: Example) => number
}

/** A data set whose examples can be reached by their number: shuffled and resumed at no cost. */
export interface IndexedDataset<E = Example> {
  readonly tag: 'indexed'
  readonly size: number
  /** Gives the examples with these numbers, stacked along a new first axis. */
  readonly rows: (numbers: Int32Array) => E
  /** Set by `padToBuckets` and `padToLongest`; else all examples have one shape. */
  readonly padding?: Padding
}

/** A data set that is read from its start to its end, as large as it likes. */
export interface StreamedDataset<E = Example> {
  readonly tag: 'streamed'
  /** The number of examples, where it is known. */
  readonly size: number | undefined
  /** Starts one pass over the examples. */
  readonly examples: () => AsyncIterable<E> | Iterable<E>
  /** Set by `padToBuckets` and `padToLongest`; else all examples have one shape. */
  readonly padding?: Padding
}

export type Dataset<E = Example> = IndexedDataset<E> | StreamedDataset<E>

const rowShape = (column: Constant): Shape => column.shape.slice(1)

/** Copies rows of a column; a negative number gives a row of zeros. */
const gatherRows = (column: Constant, numbers: Int32Array): Constant => {
  const shape = rowShape(column)
  const size = sizeOf(shape)
  const source = column.attributes.data
  const data = allocate(column.dtype, numbers.length * size)
  numbers.forEach((number, row) => number >= 0 && data.set(source.subarray(number * size, (number + 1) * size), row * size))
  return constantOf(data, [numbers.length, ...shape], column.dtype)
}

/** The common length of the columns. */
const countRows = (columns: Example): number => {
  const counts = entries<Constant>(columns).map(([path, column]) => [path, column.shape[0]] as const)
  const [first] = counts
  if (first?.[1] === undefined) throw new SettingsError('data', 'at least one column with one row per example', 'none')
  for (const [path, count] of counts)
    if (count !== first[1]) throw new SettingsError(`data.${path}`, `${first[1]} examples, as many as '${first[0]}' has`, `${count}`)
  return first[1]
}

/** `fromColumns` for columns of unknown types. */
export const columnsOf = (columns: Tree<Tensor>): IndexedDataset => {
  const known = settle(columns) as Example
  return { tag: 'indexed', size: countRows(known), rows: (numbers) => map((column: Constant) => gatherRows(column, numbers), known) }
}

/**
 * Makes a data set of columns: tensors with one example per row.
 *
 * @param columns a tree of tensors `[examples, …]`, such as `{ x: tensor(…), y: tensor(…) }`
 * @throws {SettingsError} when the columns differ in length
 * @example
 * import { fromColumns } from '@grad-ts/trainer'
 * import { tensor, toArray } from '@grad-ts/tensor'
 * const data = fromColumns({ x: tensor([[1, 2], [3, 4]]), y: tensor([0, 1]) })
 * data.size // => 2
 * toArray(data.rows(Int32Array.of(1)).x) // => [[3, 4]]
 */
export const fromColumns = <E extends Tree<Tensor>>(columns: E): IndexedDataset<MapLeaves<E, Tensor, Constant>> =>
  columnsOf(columns) as IndexedDataset<unknown> as IndexedDataset<MapLeaves<E, Tensor, Constant>>

const stackConstants = (parts: readonly Constant[]): Constant => {
  const [like] = parts as readonly [Constant, ...Constant[]]
  const size = sizeOf(like.shape)
  const data = allocate(like.dtype, size * parts.length)
  parts.forEach((part, i) => {
    if (part.dtype !== like.dtype || !sameShape(part.shape, like.shape))
      throw new SettingsError(
        'data',
        `every example to be ${like.dtype}${showShape(like.shape)}`,
        `${part.dtype}${showShape(part.shape)} at ${i}; for sequences of different lengths use fromSequences and padToBuckets`,
      )
    data.set(part.attributes.data, i * size)
  })
  return constantOf(data, [parts.length, ...like.shape], like.dtype)
}

/**
 * Puts examples of equal shapes on top of each other.
 *
 * @throws {SettingsError} when there is none, or when their shapes differ
 */
export const stackExamples = <E extends Example>(examples: readonly E[]): E => {
  const [first] = examples
  if (first === undefined) throw new SettingsError('data', 'at least one example', 'none')
  const rows = examples.map((example) => leaves<Constant>(example))
  const columns = leaves<Constant>(first).map((_, column) => stackConstants(rows.map((row) => row[column] as Constant)))
  return unflatten(first, columns) as E
}

/**
 * Makes a data set of records.
 *
 * @param records anything
 * @param encode makes one example of one record
 * @example
 * import { fromRecords } from '@grad-ts/trainer'
 * import { scalar, tensor, toArray } from '@grad-ts/tensor'
 * const cars = [{ weight: 1.2, hp: 90, mpg: 31 }, { weight: 2.1, hp: 180, mpg: 14 }]
 * const data = fromRecords(cars, (car) => ({ x: tensor([car.weight, car.hp / 100]), y: scalar(car.mpg) }))
 * toArray(data.rows(Int32Array.of(0, 1)).y) // => [31, 14]
 */
export const fromRecords = <Row, E extends Example>(records: readonly Row[], encode: (row: Row) => E): IndexedDataset<E> =>
  columnsOf(stackExamples(records.map(encode))) as IndexedDataset<E>

/** Makes a data set of examples as they are, of whatever shapes. */
export const listOf = <E extends Example>(examples: readonly E[]): IndexedDataset<E> => ({
  tag: 'indexed',
  size: examples.length,
  rows: (numbers) => stackExamples(Array.from(numbers, (number) => examples[number] as E)),
})

/**
 * Makes a data set of records whose examples differ in length, such as sentences. Batches of it need padding.
 *
 * @param records anything
 * @param encode makes one example of one record
 * @see {@link padToBuckets}, {@link padToLongest}
 * @example
 * import { fromSequences, padToLongest } from '@grad-ts/trainer'
 * import { scalar, tensor, toArray } from '@grad-ts/tensor'
 * const data = fromSequences(['to', 'be'.repeat(2)], (word) => ({ x: tensor([...word].map((c) => c.charCodeAt(0))), y: scalar(word.length) }))
 * toArray(padToLongest(data).rows(Int32Array.of(0, 1)).x) // => [[116, 111, 0, 0], [98, 101, 98, 101]]
 */
export const fromSequences = <Row, E extends Example>(records: readonly Row[], encode: (row: Row) => E): IndexedDataset<E> =>
  listOf(records.map(encode))

/**
 * Makes a data set of anything that can be iterated, again for every pass.
 *
 * @param iterate starts a pass
 * @param size the number of examples, where it is known
 */
export const fromIterable = <E extends Example>(iterate: () => AsyncIterable<E> | Iterable<E>, size?: number): StreamedDataset<E> => ({
  tag: 'streamed',
  size,
  examples: iterate,
})
