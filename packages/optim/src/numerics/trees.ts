import { add, and, asTensor, broadcastTo, cast, full, isTensor, mul, not, or, sub, sum, where, zerosLike } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { isNode, keysOf, leaves, map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { at, floatDType } from '../define.ts'
import type { Scalar } from '../transformation.ts'

/** Zeros in the shape and dtype of every leaf. */
export const zerosLikeTree = (tree: Tree<Tensor>): Tree<Tensor> => map((leaf: Tensor) => zerosLike(leaf), tree)

/** One value in the shape and dtype of every leaf. */
export const fullTree = (tree: Tree<Tensor>, value: Scalar): Tree<Tensor> =>
  map((leaf: Tensor) => (isTensor(value) ? broadcastTo(cast(value, leaf.dtype), leaf.shape) : full(leaf.shape, value, leaf.dtype)), tree)

/** a + b, leaf by leaf. */
export const addTrees = (a: Tree<Tensor>, b: Tree<Tensor>): Tree<Tensor> => map((x: Tensor, y: Tensor) => add(x, y), a, b)

/** a − b, leaf by leaf. */
export const subTrees = (a: Tree<Tensor>, b: Tree<Tensor>): Tree<Tensor> => map((x: Tensor, y: Tensor) => sub(x, y), a, b)

/** factor·a, leaf by leaf. */
export const scaleTree = (tree: Tree<Tensor>, factor: Scalar): Tree<Tensor> => map((x: Tensor) => mul(x, at(factor, x)), tree)

/** a + factor·b, leaf by leaf. */
export const addScaled = (a: Tree<Tensor>, factor: Scalar, b: Tree<Tensor>): Tree<Tensor> =>
  map((x: Tensor, y: Tensor) => add(x, mul(y, at(factor, y))), a, b)

const selectLeaf = (condition: Tensor, whenTrue: Tensor, whenFalse: Tensor): Tensor => {
  if (whenTrue === whenFalse) return whenTrue
  if (whenTrue.dtype !== 'bool') return where(condition, whenTrue, whenFalse)
  return or(and(condition, whenTrue), and(not(condition), whenFalse))
}

/** One of two trees by a bool scalar. */
export const select = (condition: Tensor, whenTrue: Tree<Tensor>, whenFalse: Tree<Tensor>): Tree<Tensor> =>
  map((a: Tensor, b: Tensor) => selectLeaf(condition, a, b), whenTrue, whenFalse)

/** Σ over all leaves of a scalar made from each, in the float type of the tree. */
export const total = (tree: Tree<Tensor>, measure: (leaf: Tensor) => Tensor): Tensor => {
  const dtype = floatDType(tree)
  const parts = leaves(tree).map((leaf) => cast(measure(leaf), dtype))
  return parts.length === 0 ? asTensor(0, dtype) : parts.reduce((result, part) => add(result, part))
}

/** Σ a·b over all leaves, a scalar. */
export const vdotTrees = (a: Tree<Tensor>, b: Tree<Tensor>): Tensor =>
  total(
    map((x: Tensor, y: Tensor) => sum(mul(x, y)), a, b),
    (x) => x,
  )

/** Replaces every leaf of a tree by a subtree: the structure of the first, continued by what the function makes. */
export const expand = (fn: (leaf: Tensor) => Tree<Tensor>, tree: Tree<Tensor>): Tree<Tensor> => map(fn as (leaf: Tensor) => Tensor, tree)

/** Walks a tree beside another that has whole subtrees where the first has leaves. */
export const zipDeep = <Result>(
  fn: (leaf: Tensor, below: Tree<Tensor>) => Result,
  tree: Tree<Tensor>,
  deeper: Tree<Tensor>,
): Tree<Result> => {
  if (tree === null) return null
  if (!isNode(tree)) return fn(tree as Tensor, deeper)
  const next = (key: string) =>
    zipDeep(fn, (tree as Record<string, Tree<Tensor>>)[key] as Tree<Tensor>, (deeper as Record<string, Tree<Tensor>>)[key] as Tree<Tensor>)
  if (Array.isArray(tree)) return keysOf(tree).map(next)
  return Object.fromEntries(Object.keys(tree).map((key) => [key, next(key)]))
}

/** Splits a tree of pairs made leaf by leaf over a structure into a pair of trees. */
export const unzip = <Pair extends Readonly<Record<string, Tree<Tensor>>>, Key extends keyof Pair & string>(
  structure: Tree<Tensor>,
  found: readonly Pair[],
  key: Key,
): Tree<Tensor> => {
  const remaining = found.values()
  return expand(() => (remaining.next().value as Pair)[key] as Tree<Tensor>, structure)
}

/** Makes a record of trees for every leaf, visited in canonical order beside further trees. */
export const collect = <Keys extends string>(
  fn: (...leaves: readonly Tensor[]) => Readonly<Record<Keys, Tree<Tensor>>>,
  keys: readonly Keys[],
  tree: Tree<Tensor>,
  ...others: readonly Tree<Tensor>[]
): Readonly<Record<Keys, Tree<Tensor>>> => {
  const columns = others.map((other) => leaves(other))
  const found = leaves(tree).map((leaf, i) => fn(leaf, ...columns.map((column) => column[i] as Tensor)))
  return Object.fromEntries(keys.map((key) => [key, unzip(tree, found, key)])) as Record<Keys, Tree<Tensor>>
}
