import { foldIn } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { SettingsError } from '../errors.ts'
import { columnsOf, fromIterable, listOf, stackExamples } from './dataset.ts'
import type { Dataset, Example, IndexedDataset, Padding, StreamedDataset } from './dataset.ts'
import { exampleAt, examplesOf, signatureOf, unstackExamples } from './examples.ts'
import { shuffled } from './order.ts'
import { padded } from './padding.ts'

const allOf = (size: number): Int32Array => Int32Array.from({ length: size }, (_, i) => i)

const withPadding = (padding: Padding | undefined): { readonly padding?: Padding } => (padding === undefined ? {} : { padding })

/** A stream of the examples of another, batched like it. */
const streamLike = <E extends Example>(
  { padding }: Dataset,
  iterate: () => AsyncIterable<E> | Iterable<E>,
  size?: number,
): StreamedDataset<E> => ({ ...fromIterable(iterate, size), ...withPadding(padding) })

/** Keeps only the examples with these numbers, in this order. */
export const select = <E extends Example>(dataset: IndexedDataset<E>, numbers: Int32Array): IndexedDataset<E> => ({
  tag: 'indexed',
  size: numbers.length,
  rows: (chosen) => dataset.rows(chosen.map((i) => (i < 0 ? i : (numbers[i] as number)))),
  ...withPadding(dataset.padding),
})

/** Applies a function to every example, when it is asked for. */
export function mapExamples<E extends Example, F extends Example>(fn: (example: E) => F, dataset: IndexedDataset<E>): IndexedDataset<F>
export function mapExamples<E extends Example, F extends Example>(fn: (example: E) => F, dataset: Dataset<E>): Dataset<F>
export function mapExamples<E extends Example, F extends Example>(fn: (example: E) => F, dataset: Dataset<E>): Dataset<F> {
  const stack = dataset.padding?.stack ?? stackExamples
  if (dataset.tag === 'indexed')
    return {
      tag: 'indexed',
      size: dataset.size,
      rows: (numbers) => stack(unstackExamples(dataset.rows(numbers)).map(fn)),
      ...withPadding(dataset.padding),
    }
  const mapped = async function* () {
    for await (const example of dataset.examples()) yield fn(example)
  }
  return streamLike(dataset, mapped, dataset.size)
}

/** Keeps the examples that a test accepts. An indexed data set is read once to find them. */
export function filterExamples<E extends Example>(keep: (example: E) => boolean, dataset: IndexedDataset<E>): IndexedDataset<E>
export function filterExamples<E extends Example>(keep: (example: E) => boolean, dataset: Dataset<E>): Dataset<E>
export function filterExamples<E extends Example>(keep: (example: E) => boolean, dataset: Dataset<E>): Dataset<E> {
  if (dataset.tag === 'indexed')
    return select(
      dataset,
      allOf(dataset.size).filter((i) => keep(exampleAt(dataset, i))),
    )
  return streamLike(dataset, async function* () {
    for await (const example of dataset.examples()) if (keep(example)) yield example
  })
}

/** Keeps the first examples. */
export function take<E extends Example>(count: number, dataset: IndexedDataset<E>): IndexedDataset<E>
export function take<E extends Example>(count: number, dataset: Dataset<E>): Dataset<E>
export function take<E extends Example>(count: number, dataset: Dataset<E>): Dataset<E> {
  if (dataset.tag === 'indexed') return select(dataset, allOf(Math.min(count, dataset.size)))
  const size = dataset.size === undefined ? undefined : Math.min(count, dataset.size)
  const taken = async function* () {
    let left = count
    if (left > 0)
      for await (const example of dataset.examples()) {
        yield example
        left -= 1
        if (left === 0) return
      }
  }
  return streamLike(dataset, taken, size)
}

const haveOneShape = (examples: readonly Example[]): boolean => new Set(examples.map(signatureOf)).size < 2

/** Reads every example into memory, which makes a stream an indexed data set. */
export const cache = async <E extends Example>(dataset: Dataset<E>): Promise<IndexedDataset<E>> => {
  const examples: E[] = []
  for await (const example of examplesOf(dataset)) examples.push(example)
  const held = haveOneShape(examples) ? (columnsOf(stackExamples(examples)) as IndexedDataset<E>) : listOf(examples)
  return dataset.padding === undefined ? held : padded(dataset.padding, held)
}

const cut = (numbers: Int32Array, fraction: number): readonly [Int32Array, Int32Array] => {
  const count = Math.round(numbers.length * fraction)
  return [numbers.subarray(0, count), numbers.subarray(count)]
}

/**
 * Splits a data set at random in two; the same key gives the same split.
 *
 * @param fraction share of the first part, 0 < fraction < 1
 * @param options.key random key
 * @param options.stratifyBy gives the class of an example: every class is then split by the same fraction
 * @returns the two parts, without a copy of the data
 */
export const splitDataset = <E extends Example>(
  fraction: number,
  dataset: IndexedDataset<E>,
  options: { readonly key: Tensor; readonly stratifyBy?: (example: E) => number | string },
): readonly [IndexedDataset<E>, IndexedDataset<E>] => {
  if (!(fraction > 0 && fraction < 1)) throw new SettingsError('fraction', 'a number between 0 and 1', String(fraction))
  const { stratifyBy } = options
  const groups = new Map<number | string, number[]>()
  for (let i = 0; i < dataset.size; i++) {
    const group = stratifyBy === undefined ? 0 : stratifyBy(exampleAt(dataset, i))
    const members = groups.get(group)
    if (members === undefined) groups.set(group, [i])
    else members.push(i)
  }
  const parts = [...groups.values()].map((members, i) => cut(shuffled(Int32Array.from(members), foldIn(options.key, i)), fraction))
  const joined = (side: 0 | 1) => Int32Array.from(parts.flatMap((part) => [...part[side]])).sort()
  return [select(dataset, joined(0)), select(dataset, joined(1))]
}
