import type { Tree } from '@grad-ts/tree'
import { evaluate, interpret } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'

/** Brings every leaf of a tree to a constant. */
export const settle = <T>(tree: T): T => (evaluate as (tree: unknown) => unknown)(tree) as T

type TreeFunction = (...args: Tree<Tensor>[]) => Tree<Tensor>

/** Makes a function of trees run in the interpreter. */
export const interpreted = (fn: TreeFunction): ((...args: readonly Tree<Tensor>[]) => Tree<Constant>) =>
  (interpret as unknown as (fn: TreeFunction) => (...args: readonly Tree<Tensor>[]) => Tree<Constant>)(fn)
