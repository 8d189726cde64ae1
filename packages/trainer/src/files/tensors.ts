import { pipe } from 'fp-ts/lib/function.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { entries, mapWithPath } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { sameShape, showShape } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { decodeSafetensors, encodeSafetensors, SafetensorsError, writeAtomically } from '@grad-ts/files'
import type { WriteError } from '@grad-ts/files'
import { readBytes } from '../data/idx.ts'
import { DataError } from '../errors.ts'
import { attempt, hasTag, orThrow, valueOrThrow } from '../internal/edge.ts'
import { settle } from '../internal/settle.ts'

/**
 * Writes a tree of tensors as a safetensors file; every leaf is named by its path.
 *
 * @param path where; written whole or not at all
 * @param tree such as the parameters of a trained model
 * @param metadata text by key
 */
export const saveTensors = (
  path: string,
  tree: Tree<Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): TaskEither<WriteError, void> =>
  writeAtomically(path, encodeSafetensors(Object.fromEntries(entries<Constant>(settle(tree) as Tree<Constant>)), metadata))

/**
 * Writes a tree of tensors as a safetensors file.
 *
 * @throws {WriteError}
 */
export const saveTensorsOrThrow = (path: string, tree: Tree<Tensor>, metadata?: Readonly<Record<string, string>>): Promise<void> =>
  orThrow(saveTensors(path, tree, metadata))

const fill = <T extends Tree<Tensor>>(path: string, like: T, tensors: Readonly<Record<string, Constant>>): T => {
  const unknown = new Set(Object.keys(tensors))
  const filled = mapWithPath((name, leaf: Tensor) => {
    const found = tensors[name]
    if (found === undefined) throw new DataError(path, `it has no tensor '${name}'; it belongs to another model`)
    if (!sameShape(found.shape, leaf.shape) || found.dtype !== leaf.dtype)
      throw new DataError(
        path,
        `'${name}' is ${found.dtype}${showShape(found.shape)}, the model expects ${leaf.dtype}${showShape(leaf.shape)}`,
      )
    unknown.delete(name)
    return found
  }, like as Tree<Tensor>)
  if (unknown.size > 0) throw new DataError(path, `it has tensors that the model lacks: ${[...unknown].join(', ')}`)
  return filled as T
}

/**
 * Reads a safetensors file into a tree.
 *
 * @param path the file
 * @param like gives structure, shapes and dtypes; only those are read
 */
export const loadTensors = <T extends Tree<Tensor>>(path: string, like: T): TaskEither<DataError, T> =>
  attempt(hasTag<DataError>('DataError'), async () => {
    const bytes = await readBytes(path)
    try {
      return fill(path, like, pipe(decodeSafetensors(bytes), valueOrThrow).tensors)
    } catch (cause) {
      if (cause instanceof SafetensorsError) throw new DataError(path, cause.message, { cause })
      throw cause
    }
  })

/**
 * Reads a safetensors file into a tree like the given one.
 *
 * @throws {DataError} when the file is missing or damaged, or holds another model
 */
export const loadTensorsOrThrow = <T extends Tree<Tensor>>(path: string, like: T): Promise<T> => orThrow(loadTensors(path, like))
