import { isTensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { isNode, join, mapWithPath } from '@grad-ts/tree'
import type { Path, Tree } from '@grad-ts/tree'
import { SpecError } from './errors.ts'
import { received } from './fields.ts'

/**
 * Which leaves a rule concerns: a tree of booleans (it may stop above the leaves: then the boolean holds for all below),
 * a path pattern such as `'**.kernel'` or `'encoder.*.bias'` (`*` is one key, `**` any number of keys, `!` before it negates),
 * or a predicate of path and parameter.
 */
export type Mask = Tree<boolean> | string | ((path: Path, leaf: Tensor) => boolean)

/** A name for each leaf: a tree of names (it may stop above the leaves), pairs of path pattern and name of which the first match counts, or a function. */
export type Labels =
  | Tree<string>
  | { readonly rules: readonly (readonly [pattern: string, label: string])[] }
  | ((path: Path, leaf: Tensor) => string)

const segment = (pattern: string): string => pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^.]*')

const expressionOf = (pattern: string): RegExp => {
  const body = pattern
    .split('.')
    .map((part) => (part === '**' ? '(?:.*)' : segment(part)))
    .join('\\.')
    .replaceAll('(?:.*)\\.', '(?:.*\\.)?')
    .replaceAll('\\.(?:.*)', '(?:\\..*)?')
  return new RegExp(`^${body}$`)
}

/** Tells whether a path matches a pattern. */
export const matchesPath = (pattern: string, path: Path): boolean =>
  pattern.startsWith('!') ? !matchesPath(pattern.slice(1), path) : expressionOf(pattern).test(path)

/** Reads a tree that may stop above the leaves at a path. */
const readPrefix = (tree: unknown, path: Path, expected: string, name: string): unknown => {
  let value = tree
  let seen = ''
  for (const key of path === '' ? [] : path.split('.')) {
    if (!isNode(value)) break
    seen = join(seen, key)
    value = (value as Record<string, unknown> | null)?.[key]
  }
  if (isNode(value) || value === undefined) throw new SpecError(`${name} at '${seen}'`, expected, received(value))
  return value
}

/** Gives a boolean for every leaf of the parameters. */
export const resolveMask = (mask: Mask | null, params: Tree<Tensor>): Tree<boolean> =>
  mapWithPath((path, leaf: Tensor) => {
    if (mask === null) return true
    if (typeof mask === 'string') return matchesPath(mask, path)
    const chosen = typeof mask === 'function' ? mask(path, leaf) : readPrefix(mask, path, 'true or false', 'mask')
    if (typeof chosen !== 'boolean') throw new SpecError(`mask at '${path}'`, 'true or false', received(chosen))
    return chosen
  }, params)

const hasRules = (labels: Labels): labels is { readonly rules: readonly (readonly [string, string])[] } =>
  typeof labels === 'object' &&
  labels !== null &&
  'rules' in labels &&
  Array.isArray(labels['rules']) &&
  labels['rules'].every(Array.isArray)

const labelOf = (labels: Labels, path: Path, leaf: Tensor): unknown => {
  if (typeof labels === 'function') return labels(path, leaf)
  if (hasRules(labels)) return labels.rules.find(([pattern]) => matchesPath(pattern, path))?.[1]
  return readPrefix(labels, path, 'a label', 'labels')
}

/** Gives a label for every leaf of the parameters. */
export const resolveLabels = (labels: Labels, params: Tree<Tensor>): Tree<string> =>
  mapWithPath((path, leaf: Tensor) => {
    const label = labelOf(labels, path, leaf)
    if (typeof label !== 'string') throw new SpecError(`labels at '${path}'`, 'a label', received(label))
    return label
  }, params)

/** Cuts leaves out of a tree: where the mask is false stands the empty tree. */
export const cutOut = (tree: Tree<Tensor>, chosen: Tree<boolean>): Tree<Tensor> => {
  if (!isNode(tree)) return chosen === true ? tree : null
  if (tree === null) return null
  const below = (key: string, child: Tree<Tensor>) => cutOut(child, (chosen as Record<string, Tree<boolean>>)[key] as Tree<boolean>)
  if (Array.isArray(tree)) return tree.map((child: Tree<Tensor>, i) => below(String(i), child))
  return Object.fromEntries(Object.entries(tree).map(([key, child]) => [key, below(key, child as Tree<Tensor>)]))
}

/** Puts leaves back over a tree: where the cut tree is empty the old leaf stays. */
export const putBack = (tree: Tree<Tensor>, cut: Tree<Tensor>): Tree<Tensor> => {
  if (cut === null) return tree
  if (!isNode(tree) || tree === null || isTensor(cut)) return cut
  const below = (key: string, child: Tree<Tensor>) => putBack(child, (cut as Record<string, Tree<Tensor>>)[key] as Tree<Tensor>)
  if (Array.isArray(tree)) return tree.map((child: Tree<Tensor>, i) => below(String(i), child))
  return Object.fromEntries(Object.entries(tree).map(([key, child]) => [key, below(key, child as Tree<Tensor>)]))
}
