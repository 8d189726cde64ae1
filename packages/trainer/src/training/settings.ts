import { forEach } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { sizeOf } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { SettingsError } from '../errors.ts'

export const positiveInteger = (path: string, value: number): number => {
  if (!Number.isSafeInteger(value) || value < 1) throw new SettingsError(path, 'a whole number of at least 1', String(value))
  return value
}

/** The number of scalars in a tree. */
export const countScalars = (tree: Tree<Tensor>): number => {
  let count = 0
  forEach((_, leaf: Tensor) => {
    count += sizeOf(leaf.shape)
  }, tree)
  return count
}
