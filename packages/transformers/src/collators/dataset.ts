import { leaves, unflatten } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { evaluate, stack } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'

/** A tree of constants. */
type Example = Tree<Constant>

/** A data set of items that a collator makes batches of; the trainer takes it as one of its own. */
export interface CollatedDataset<Batch> {
  readonly tag: 'indexed'
  readonly size: number
  /** Gives the batch of the items with these numbers. */
  readonly rows: (numbers: Int32Array) => Batch
  /** How the trainer puts examples together that were taken apart, and which ones share a batch. */
  readonly padding: {
    readonly stack: <E extends Example>(examples: readonly E[]) => E
    readonly bucketOf?: (example: Example) => number
  }
}

/** The longest first axis of an example: its length in tokens. */
const lengthOf = (example: Example): number => leaves<Constant>(example).reduce((most, { shape }) => Math.max(most, shape[0] ?? 0), 0)

const stackOf = <E extends Example>(examples: readonly E[]): E => {
  const rows = examples.map((example) => leaves<Constant>(example))
  const columns = (rows[0] ?? []).map((_, column) => evaluate(stack(rows.map((row) => row[column] as Constant))) as Constant)
  return unflatten(examples[0] as Example, columns) as unknown as E
}

/**
 * Makes a data set of items, such as encoded texts, whose batches a collator makes: the trainer shuffles, and every batch is padded by itself.
 *
 * @param items in memory; only those of a batch are turned into tensors
 * @param collate makes a batch of items; it is told their numbers too
 * @param options.bucketed whether only items that are padded to the same length share a batch, so that there are no more shapes than
 *   lengths (`to: { buckets }` or `{ multipleOf }` of the collator). Default false
 * @example
 * import { toArray } from '@grad-ts/tensor'
 * import { collateCausalLm, collated } from '@grad-ts/transformers'
 * const data = collated([{ ids: [5, 6, 7] }, { ids: [8, 9] }], collateCausalLm({ padId: 0 }))
 * toArray(data.rows(Int32Array.of(1)).x.inputIds) // => [[8, 9]]
 */
export const collated = <Item, Batch>(
  items: readonly Item[],
  collate: (items: readonly Item[], numbers: Int32Array) => Batch,
  { bucketed = false }: { readonly bucketed?: boolean } = {},
): CollatedDataset<Batch> => ({
  tag: 'indexed',
  size: items.length,
  rows: (numbers) =>
    collate(
      Array.from(numbers, (number) => items[number] as Item),
      numbers,
    ),
  padding: { stack: stackOf, ...(bucketed ? { bucketOf: lengthOf } : {}) },
})
