import { isTensor, toArray } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'

/** The numbers of a table, however it is given. */
export const rowsOf = (table: Tensor | readonly (readonly number[])[]): readonly (readonly number[])[] =>
  isTensor(table) ? (toArray(table) as number[][]) : table
