import type { Path } from '@grad-ts/tree'

/** A tensor of a file, and the weights of the model that it holds. */
export interface StoredWeight {
  /** Its name in the file, without the prefix of the body. */
  readonly name: string
  /** Other names that older files, or files with tied weights, give it. */
  readonly aliases: readonly string[]
  /** Where its weights are in the tree; several stand side by side along the last axis of the file's tensor. */
  readonly paths: readonly Path[]
  /** Whether a matrix is stored as `[out, in]`. */
  readonly transposed: boolean
  /** Whether it belongs to the body; else it is part of a head, or the pooler, which files of other heads lack. */
  readonly part: 'body' | 'pooler' | 'head'
}

type Part = StoredWeight['part']

const stored = (part: Part, name: string, paths: readonly Path[], transposed = false): StoredWeight => ({
  name,
  aliases: /LayerNorm\.(weight|bias)$/.test(name) ? [name.replace(/weight$/, 'gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta')] : [],
  paths,
  transposed,
  part,
})

/** A fully connected layer as PyTorch keeps it: its matrix is `[out, in]`. */
export const linear = (part: Part, name: string, path: Path, hasBias = true): readonly StoredWeight[] => [
  stored(part, `${name}.weight`, [`${path}.kernel`], true),
  ...(hasBias ? [stored(part, `${name}.bias`, [`${path}.bias`])] : []),
]

/** One or several fully connected layers side by side as GPT-2 keeps them: `[in, out]`, like ours. */
export const conv1d = (name: string, ...paths: readonly Path[]): readonly StoredWeight[] => [
  stored(
    'body',
    `${name}.weight`,
    paths.map((path) => `${path}.kernel`),
  ),
  stored(
    'body',
    `${name}.bias`,
    paths.map((path) => `${path}.bias`),
  ),
]

/** A norm. */
export const norm = (part: Part, name: string, path: Path, hasBias = true): readonly StoredWeight[] => [
  stored(part, `${name}.weight`, [`${path}.scale`]),
  ...(hasBias ? [stored(part, `${name}.bias`, [`${path}.bias`])] : []),
]

/** Embeddings. */
export const table = (name: string, path: Path, ...aliases: readonly string[]): StoredWeight => ({
  ...stored('body', `${name}.weight`, [`${path}.table`]),
  aliases,
})

/** A vector or a matrix under its full name. */
export const plain = (
  part: Part,
  name: string,
  path: Path,
  options: { readonly aliases?: readonly string[]; readonly transposed?: boolean } = {},
): StoredWeight => ({
  ...stored(part, name, [path], options.transposed ?? false),
  aliases: options.aliases ?? [],
})

/** The same for every block. */
export const perLayer = (layers: number, of: (layer: number) => readonly StoredWeight[]): readonly StoredWeight[] =>
  Array.from({ length: layers }, (_, layer) => of(layer)).flat()
