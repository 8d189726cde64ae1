import { TreeError } from './errors.ts'
import { childOf, isNode, join, keysOf } from './tree.ts'
import type { Path, Tree } from './tree.ts'

const describe = (value: unknown): string => {
  if (value === null) return 'the empty tree'
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `an array of ${value.length}`
  return isNode(value) ? `a record with keys ${Object.keys(value).sort().join(', ') || '(none)'}` : 'a leaf'
}

const sameKeys = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((key, index) => key === right[index])

const walk = (fn: (path: Path, ...leaves: unknown[]) => unknown, path: Path, first: unknown, rest: readonly unknown[]): unknown => {
  if (!isNode(first)) {
    for (const other of rest) if (isNode(other) || other === undefined) throw new TreeError(path, 'a leaf', describe(other))
    return fn(path, first, ...rest)
  }
  if (first === null) {
    for (const other of rest) if (other !== null) throw new TreeError(path, describe(null), describe(other))
    return null
  }
  const keys = keysOf(first)
  for (const other of rest) {
    const sameKind = isNode(other) && other !== null && Array.isArray(first) === Array.isArray(other)
    if (!sameKind || !sameKeys(keys, keysOf(other))) throw new TreeError(path, describe(first), describe(other))
  }
  const visit = (key: string) =>
    walk(
      fn,
      join(path, key),
      childOf(first, key),
      rest.map((other) => childOf(other as Record<string, unknown>, key)),
    )
  if (Array.isArray(first)) return keys.map(visit)
  const visited = new Map(keys.map((key) => [key, visit(key)]))
  return Object.fromEntries(Object.keys(first).map((key) => [key, visited.get(key)]))
}

/**
 * Applies a function to every leaf, keeping the structure; further trees of the same structure are read along.
 *
 * @param fn receives the leaves that stand at the same place in each tree
 * @param tree gives the structure and the key order of the result
 * @param rest trees with the same keys
 * @throws {TreeError} when the structures differ; it names the path
 * @example
 * import { map } from '@grad-ts/tree'
 * map((a: number, b: number) => a + b, { w: 1, b: [2, 3] }, { w: 10, b: [20, 30] }) // => { w: 11, b: [22, 33] }
 */
export function map<Leaf, T extends Tree<Leaf>>(fn: (leaf: Leaf, ...others: Leaf[]) => Leaf, tree: T, ...rest: readonly Tree<Leaf>[]): T
export function map<A, B>(fn: (leaf: A) => B, tree: Tree<A>): Tree<B>
export function map<A, B, C>(fn: (leaf: A, second: B) => C, tree: Tree<A>, second: Tree<B>): Tree<C>
export function map<A, B, C, D>(fn: (leaf: A, second: B, third: C) => D, tree: Tree<A>, second: Tree<B>, third: Tree<C>): Tree<D>
export function map(fn: (...leaves: never[]) => unknown, tree: unknown, ...rest: readonly unknown[]): unknown {
  return walk((_, ...leaves) => (fn as (...leaves: unknown[]) => unknown)(...leaves), '', tree, rest)
}

/**
 * Applies a function to every path and leaf, keeping the structure.
 *
 * @example
 * import { mapWithPath } from '@grad-ts/tree'
 * mapWithPath((path, leaf: number) => `${path}=${leaf}`, { w: 1, b: [2] }) // => { w: 'w=1', b: ['b.0=2'] }
 */
export function mapWithPath<A, B>(fn: (path: Path, leaf: A) => B, tree: Tree<A>): Tree<B>
export function mapWithPath<A, B, C>(fn: (path: Path, leaf: A, second: B) => C, tree: Tree<A>, second: Tree<B>): Tree<C>
export function mapWithPath(fn: (path: Path, ...leaves: never[]) => unknown, tree: unknown, ...rest: readonly unknown[]): unknown {
  return walk(fn as (path: Path, ...leaves: unknown[]) => unknown, '', tree, rest)
}

/**
 * Visits every leaf with its path, in canonical order.
 *
 * @throws {TreeError} when a further tree has another structure
 */
export function forEach<A>(fn: (path: Path, leaf: A) => void, tree: Tree<A>): void
export function forEach<A, B>(fn: (path: Path, leaf: A, second: B) => void, tree: Tree<A>, second: Tree<B>): void
export function forEach(fn: (path: Path, ...leaves: never[]) => void, tree: unknown, ...rest: readonly unknown[]): void {
  walk(fn as (path: Path, ...leaves: unknown[]) => unknown, '', tree, rest)
}
