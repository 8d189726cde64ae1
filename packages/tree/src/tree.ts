/**
 * A tree: plain records and arrays, nested at will, whose leaves are anything else (tensors, numbers, typed arrays, …).
 * `null` is the empty tree: a node without leaves.
 */
export type Tree<Leaf> = Leaf | null | readonly Tree<Leaf>[] | { readonly [key: string]: Tree<Leaf> }

/** The same tree type with every leaf of type `From` replaced by `To`. */
export type MapLeaves<T, From, To> = [Tree<From>] extends [T]
  ? Tree<To>
  : T extends From
    ? To
    : T extends null
      ? null
      : { [Key in keyof T]: MapLeaves<T[Key], From, To> }

/** Where a leaf lives: its keys from the root joined by dots, as in `encoder.0.weight`; the root itself is the empty string. */
export type Path = string

type Node = readonly unknown[] | { readonly [key: string]: unknown }

const isPlainObject = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Tells whether a value is an inner node: an array, a plain record or `null`. Everything else is a leaf. */
export const isNode = (value: unknown): value is Node | null =>
  value === null || Array.isArray(value) || (typeof value === 'object' && isPlainObject(value))

/** Lists the keys of a node in canonical order: array positions in turn, record keys sorted. */
export const keysOf = (node: Node): readonly string[] => (Array.isArray(node) ? [...node.keys()].map(String) : Object.keys(node).sort())

/** Appends a key to a path. */
export const join = (path: Path, key: string): Path => (path === '' ? key : `${path}.${key}`)

export const childOf = (node: Node, key: string): unknown => (node as Record<string, unknown>)[key]
