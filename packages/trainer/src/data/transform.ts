import { leaves, map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { constantOf, foldIn } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { SettingsError } from '../errors.ts'
import { columnsOf, fromIterable, stackExamples } from './dataset.ts'
import type { Dataset, Example, IndexedDataset } from './dataset.ts'
import { shuffled } from './order.ts'

const allOf = (size: number): Int32Array => Int32Array.from({ length: size }, (_, i) => i)

/** Takes the stacked rows apart again; the parts share the memory of the whole. */
export const unstackExamples = <E extends Example>(rows: E): E[] => {
  const count = leaves<Constant>(rows)[0]?.shape[0] ?? 0
  return Array.from(
    { length: count },
    (_, i) =>
      map(({ attributes: { data }, shape, dtype }: Constant) => {
        const size = data.length / count
        return constantOf(data.subarray(i * size, (i + 1) * size), shape.slice(1), dtype)
      }, rows as Tree<Constant>) as E,
  )
}

const exampleAt = <E extends Example>(dataset: IndexedDataset<E>, number: number): E =>
  unstackExamples(dataset.rows(Int32Array.of(number)))[0] as E

/** Iterates the examples of a data set one by one, as stored. */
export async function* examplesOf<E extends Example>(dataset: Dataset<E>): AsyncGenerator<E> {
  if (dataset.tag === 'streamed') yield* dataset.examples()
  else for (let i = 0; i < dataset.size; i++) yield exampleAt(dataset, i)
}

/** Keeps only the examples with these numbers, in this order. */
export const select = <E extends Example>(dataset: IndexedDataset<E>, numbers: Int32Array): IndexedDataset<E> => ({
  tag: 'indexed',
  size: numbers.length,
  rows: (chosen) => dataset.rows(chosen.map((i) => (i < 0 ? i : (numbers[i] as number)))),
})

/** Applies a function to every example, when it is asked for. */
export function mapExamples<E extends Example, F extends Example>(fn: (example: E) => F, dataset: IndexedDataset<E>): IndexedDataset<F>
export function mapExamples<E extends Example, F extends Example>(fn: (example: E) => F, dataset: Dataset<E>): Dataset<F>
export function mapExamples<E extends Example, F extends Example>(fn: (example: E) => F, dataset: Dataset<E>): Dataset<F> {
  if (dataset.tag === 'indexed')
    return { tag: 'indexed', size: dataset.size, rows: (numbers) => stackExamples(unstackExamples(dataset.rows(numbers)).map(fn)) }
  return fromIterable(async function* () {
    for await (const example of dataset.examples()) yield fn(example)
  }, dataset.size)
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
  return fromIterable(async function* () {
    for await (const example of dataset.examples()) if (keep(example)) yield example
  })
}

/** Keeps the first examples. */
export function take<E extends Example>(count: number, dataset: IndexedDataset<E>): IndexedDataset<E>
export function take<E extends Example>(count: number, dataset: Dataset<E>): Dataset<E>
export function take<E extends Example>(count: number, dataset: Dataset<E>): Dataset<E> {
  if (dataset.tag === 'indexed') return select(dataset, allOf(Math.min(count, dataset.size)))
  const size = dataset.size === undefined ? undefined : Math.min(count, dataset.size)
  return fromIterable(async function* () {
    let left = count
    if (left > 0)
      for await (const example of dataset.examples()) {
        yield example
        left -= 1
        if (left === 0) return
      }
  }, size)
}

/** Reads every example into memory, which makes a stream an indexed data set. */
export const cache = async <E extends Example>(dataset: Dataset<E>): Promise<IndexedDataset<E>> => {
  if (dataset.tag === 'indexed') return columnsOf(dataset.rows(allOf(dataset.size))) as IndexedDataset<E>
  const examples: E[] = []
  for await (const example of dataset.examples()) examples.push(example)
  return columnsOf(stackExamples(examples)) as IndexedDataset<E>
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
