import type { NestedArray, Tensor } from '@grad-ts/tensor'
import { tensor } from '@grad-ts/tensor'
import type { FloatDType } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'

/** A tree of a fixture: records with nested arrays of numbers as leaves; NaN and infinities are strings. */
export type FixtureTree = NestedArray | string | { readonly [key: string]: FixtureTree }

/** Parameters, and one tree of gradients per step. */
export interface InputSet {
  readonly params: FixtureTree
  readonly grads: readonly FixtureTree[]
}

const isRecord = (value: unknown): value is Readonly<Record<string, FixtureTree>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const numbers = (values: unknown): NestedArray => (Array.isArray(values) ? values.map(numbers) : Number(values))

/** Makes tensors of a fixture's arrays. */
export const tensorsOf = (value: FixtureTree, dtype: FloatDType): Tree<Tensor> =>
  isRecord(value)
    ? Object.fromEntries(Object.entries(value).map(([key, child]) => [key, tensorsOf(child, dtype)]))
    : tensor(numbers(value), { dtype })

/** Leaves out some of the keys at the top. */
export const without = (value: FixtureTree, keys: readonly string[]): FixtureTree =>
  isRecord(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key))) : value

/** The numbers of a tree, records in order of their keys. */
export const flatNumbers = (value: unknown): number[] => {
  if (Array.isArray(value)) return value.flatMap(flatNumbers)
  if (isRecord(value))
    return Object.keys(value)
      .sort()
      .flatMap((key) => flatNumbers(value[key]))
  return [Number(value)]
}
