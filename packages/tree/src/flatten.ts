import { TreeError } from './errors.ts'
import { map } from './map.ts'
import { childOf, isNode, join, keysOf } from './tree.ts'
import type { Path, Tree } from './tree.ts'

/**
 * Lists all leaves with their paths, record keys sorted and array elements in turn, so that the order does not depend on how a record was built.
 *
 * @example
 * import { entries } from '@grad-ts/tree'
 * entries({ w: 1, b: [2, 3] }) // => [['b.0', 2], ['b.1', 3], ['w', 1]]
 */
export const entries = <Leaf>(tree: Tree<Leaf>): [Path, Leaf][] => {
  const found: [Path, Leaf][] = []
  const visit = (path: Path, value: unknown): void => {
    if (!isNode(value)) found.push([path, value as Leaf])
    else if (value !== null) for (const key of keysOf(value)) visit(join(path, key), childOf(value, key))
  }
  visit('', tree)
  return found
}

/** Lists all leaves in canonical order. */
export const leaves = <Leaf>(tree: Tree<Leaf>): Leaf[] => entries(tree).map(([, leaf]) => leaf)

/** Lists the paths of all leaves in canonical order. */
export const paths = (tree: Tree<unknown>): Path[] => entries(tree).map(([path]) => path)

/** Folds all leaves, in canonical order, into one value. */
export const fold = <Leaf, Result>(fn: (result: Result, leaf: Leaf, path: Path) => Result, initial: Result, tree: Tree<Leaf>): Result =>
  entries(tree).reduce((result, [path, leaf]) => fn(result, leaf, path), initial)

/**
 * Puts leaves, in canonical order, back into the structure of a tree.
 *
 * @throws {TreeError} when the number of leaves differs
 * @example
 * import { leaves, unflatten } from '@grad-ts/tree'
 * const tree = { w: 1, b: [2, 3] }
 * unflatten(tree, leaves(tree).map((x) => x * 2)) // => { w: 2, b: [4, 6] }
 */
export const unflatten = <Leaf>(structure: Tree<unknown>, values: readonly Leaf[]): Tree<Leaf> => {
  const count = leaves(structure).length
  if (count !== values.length) throw new TreeError('', `${count} leaves`, `${values.length}`)
  const remaining = values.values()
  return map(() => remaining.next().value as Leaf, structure)
}

/** Tells whether two trees have the same nodes and keys, whatever their leaves. */
export const sameStructure = (left: Tree<unknown>, right: Tree<unknown>): boolean => {
  try {
    map(() => 0, left, right)
    return true
  } catch (error) {
    if (error instanceof TreeError) return false
    throw error
  }
}

/**
 * Reads what stands at a path: a leaf or a subtree.
 *
 * @throws {TreeError} when the path does not exist
 * @example
 * import { get } from '@grad-ts/tree'
 * get({ layers: [{ w: 1 }, { w: 2 }] }, 'layers.1.w') // => 2
 */
export const get = <Leaf>(tree: Tree<Leaf>, path: Path): Tree<Leaf> =>
  (path === '' ? [] : path.split('.')).reduce<unknown>((node, key) => {
    const child = isNode(node) && node !== null ? childOf(node, key) : undefined
    if (child === undefined) throw new TreeError(path, 'a value', 'nothing')
    return child
  }, tree) as Tree<Leaf>
