import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { FileError, SafetensorsError } from '../errors.ts'
import { attempt, orThrow } from '../internal/edge.ts'
import type { TensorEntry } from './header.ts'
import { naming, openSafetensorsOrThrow, tensorFile } from './open.ts'
import type { TensorFile } from './open.ts'

const Index = t.type({ weight_map: t.record(t.string, t.string) })

const parse = (path: string, text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new SafetensorsError(`the index is not JSON (${(error as Error).message})`, path)
  }
}

/** The file of each tensor. Only files beside the index are read, whatever it says. */
const readIndex = async (path: string): Promise<ReadonlyMap<string, string>> => {
  const decoded = Index.decode(parse(path, await naming(path, () => readFile(path, 'utf8'))))
  if (E.isLeft(decoded)) throw new SafetensorsError("the index needs a 'weight_map' with the file of each tensor", path)
  const files = Object.entries(decoded.right.weight_map)
  for (const [name, file] of files)
    if (!file.endsWith('.safetensors') || file !== basename(file) || /[\\:\0]/.test(file))
      throw new SafetensorsError(
        `the index puts '${name}' into '${file}'; expected the name of a .safetensors file in the folder of the index`,
        path,
      )
  return new Map(files)
}

const closeAll = async (files: Iterable<TensorFile>): Promise<void> => {
  for (const file of files) await file.close()
}

const openAll = async (path: string, names: Iterable<string>): Promise<ReadonlyMap<string, TensorFile>> => {
  const open = new Map<string, TensorFile>()
  try {
    for (const name of names) open.set(name, await openSafetensorsOrThrow(join(dirname(path), name)))
    return open
  } catch (error) {
    await closeAll(open.values())
    throw error
  }
}

const openIndexed = async (path: string): Promise<TensorFile> => {
  const index = await readIndex(path)
  const shards = await openAll(path, new Set(index.values()))
  const shardOf = (name: string): TensorFile => shards.get(index.get(name) as string) as TensorFile
  const close = (): Promise<void> => closeAll(shards.values())
  const missing = [...index].find(([name]) => !shardOf(name).tensors.has(name))
  if (missing !== undefined) {
    await close()
    throw new SafetensorsError(`the index puts '${missing[0]}' into ${missing[1]}, which has no such tensor`, path)
  }
  const tensors = new Map([...index.keys()].map((name) => [name, shardOf(name).tensors.get(name) as TensorEntry]))
  const metadata = Object.assign({}, ...Array.from(shards.values(), (shard) => shard.metadata)) as Readonly<Record<string, string>>
  const readOrThrow = async (name: string) => {
    if (!index.has(name)) throw new SafetensorsError(`the index has no tensor '${name}'`, path)
    return shardOf(name).readOrThrow(name)
  }
  return tensorFile({ tensors, metadata }, { path, readOrThrow, close })
}

/**
 * Opens tensors that are spread over several safetensors files, by their index (`….safetensors.index.json`).
 *
 * @returns one open file for all of them; close it
 */
export const openShards = (path: string): TaskEither<FileError | SafetensorsError, TensorFile> =>
  attempt([FileError, SafetensorsError], () => openIndexed(path))

/**
 * Opens tensors that are spread over several safetensors files, by their index.
 *
 * @throws {FileError} when the index or a shard is missing or cannot be read
 * @throws {SafetensorsError} when one is damaged, or the index names a file outside of its folder
 */
export const openShardsOrThrow = (path: string): Promise<TensorFile> => orThrow(openShards(path))
