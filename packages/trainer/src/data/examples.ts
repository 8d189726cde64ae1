import { leaves, map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { constantOf } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import type { Dataset, Example, IndexedDataset } from './dataset.ts'

/** Takes the stacked rows apart again; the parts share the memory of the whole. */
export const unstackExamples = <E extends Example>(rows: E): E[] => {
  const count = leaves<Constant>(rows)[0]?.shape[0] ?? 0
  return Array.from({ length: count }, (_, i) => map((column: Constant) => rowsOf(column, i, i + 1, true), rows as Tree<Constant>) as E)
}

/** Rows of a column, in its memory; a single one may come without its axis. */
const rowsOf = ({ attributes: { data }, shape, dtype }: Constant, start: number, end: number, single = false): Constant => {
  const size = data.length / (shape[0] ?? 1)
  return constantOf(data.subarray(start * size, end * size), single ? shape.slice(1) : [end - start, ...shape.slice(1)], dtype)
}

/** Cuts some rows out of stacked examples, in their memory. */
export const sliceExamples = <E extends Example>(rows: E, start: number, end: number): E =>
  map((column: Constant) => rowsOf(column, start, end), rows as Tree<Constant>) as E

/** One example of a data set. */
export const exampleAt = <E extends Example>(dataset: IndexedDataset<E>, number: number): E =>
  unstackExamples(dataset.rows(Int32Array.of(number)))[0] as E

/** Iterates the examples of a data set one by one, as stored. */
export async function* examplesOf<E extends Example>(dataset: Dataset<E>): AsyncGenerator<E> {
  if (dataset.tag === 'streamed') yield* dataset.examples()
  else for (let i = 0; i < dataset.size; i++) yield exampleAt(dataset, i)
}

/** Names dtypes and shapes of all leaves: what decides which program fits. */
export const signatureOf = (tree: Tree<Constant>): string =>
  leaves<Constant>(tree)
    .map(({ shape, dtype }) => `${dtype}${shape.join('x')}`)
    .join(' ')
