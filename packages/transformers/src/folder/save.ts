import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { get } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import { byteLength, encodeLazily, WriteError, writeAtomicallyOrThrow } from '@grad-ts/files'
import type { LazyTensor } from '@grad-ts/files'
import { asTask, valueOrThrow } from '../errors.ts'
import type { TransformersError } from '../errors.ts'
import { familyOf } from '../families.ts'
import type { Transformer, TransformerParams } from '../model.ts'
import type { HeadName } from '../model/heads.ts'
import { inDType, storedShape, toStored } from '../weights/layout.ts'
import { configFile, indexFile, weightsFile } from './load.ts'

/** How a model is written. */
export interface SaveOptions {
  /** Default: float32. */
  readonly dtype?: FloatDType
  /** The longest a file of weights may get, in bytes; more are spread over several with an index. Default: 5 GB. */
  readonly maxShardBytes?: number
}

/** The tensors of a model by their names in files, made one by one. */
const tensorsOf = <Head extends HeadName>(
  { config, head }: Transformer<Head>,
  params: TransformerParams<NoInfer<Head>>,
  dtype: FloatDType,
): readonly LazyTensor[] => {
  const { weights, prefix } = familyOf(config)
  return weights(config, head).map((weight) => {
    const parts = weight.paths.map((path) => get<Tensor>(params as unknown as Tree<Tensor>, path) as Tensor)
    return {
      name: weight.part === 'head' || head === 'none' ? weight.name : `${prefix}${weight.name}`,
      shape: storedShape(weight, (parts[0] as Tensor).shape),
      dtype,
      make: () => inDType(toStored(weight, parts), dtype),
    }
  })
}

/** Cuts a list where the sum of its bytes would pass a limit. */
const shardsOf = (tensors: readonly LazyTensor[], limit: number): readonly (readonly LazyTensor[])[] => {
  const shards: LazyTensor[][] = [[]]
  let bytes = 0
  for (const tensor of tensors) {
    const own = byteLength(tensor)
    if (bytes > 0 && bytes + own > limit) {
      shards.push([])
      bytes = 0
    }
    shards.at(-1)?.push(tensor)
    bytes += own
  }
  return shards
}

const five = (number: number): string => String(number).padStart(5, '0')

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

const writeShard = (path: string, tensors: readonly LazyTensor[]): Promise<void> =>
  // transformers reads only files that say which framework they are laid out for.
  writeAtomicallyOrThrow(path, encodeLazily(tensors, { format: 'pt' }))

/** Writes the weights; answers with the names of the files. */
const writeWeights = async (folder: string, tensors: readonly LazyTensor[], limit: number): Promise<readonly string[]> => {
  const shards = shardsOf(tensors, limit)
  if (shards.length === 1) {
    await writeShard(join(folder, weightsFile), tensors)
    return [weightsFile]
  }
  const names = shards.map((_, i) => `model-${five(i + 1)}-of-${five(shards.length)}.safetensors`)
  for (const [i, shard] of shards.entries()) await writeShard(join(folder, names[i] as string), shard)
  const map = shards.flatMap((shard, i) => shard.map(({ name }) => [name, names[i] as string] as const))
  const bytes = tensors.reduce((sum, tensor) => sum + byteLength(tensor), 0)
  await writeAtomicallyOrThrow(join(folder, indexFile), json({ metadata: { total_size: bytes }, weight_map: Object.fromEntries(map) }))
  return [...names, indexFile]
}

const ours = /^model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$/

/** Removes weights that an earlier model left in the folder: they would be read in place of, or beside, the new ones. */
const removeOthers = async (folder: string, written: readonly string[]): Promise<void> => {
  for (const name of await readdir(folder)) if (ours.test(name) && !written.includes(name)) await rm(join(folder, name))
}

/** The configuration as it was read, with what is true of these files. */
const configOf = <Head extends HeadName>({ config, source, head }: Transformer<Head>, dtype: FloatDType): unknown => ({
  ...Object.fromEntries(Object.entries(source).filter(([key]) => key !== 'torch_dtype')),
  architectures: [familyOf(config).heads[head]],
  dtype,
})

const save = async <Head extends HeadName>(
  folder: string,
  model: Transformer<Head>,
  params: TransformerParams<NoInfer<Head>>,
  { dtype = 'float32', maxShardBytes = 5e9 }: SaveOptions,
): Promise<void> => {
  const written = await writeWeights(folder, tensorsOf(model, params, dtype), maxShardBytes)
  await writeAtomicallyOrThrow(join(folder, configFile), json(configOf(model, dtype)))
  await removeOthers(folder, written).catch((cause: unknown) => {
    throw new WriteError(folder, cause)
  })
}

/**
 * Writes a model in the layout of Hugging Face: `config.json` and `model.safetensors`, under the names that transformers reads.
 *
 * @param folder is made where there is none; weights of another model in it are removed
 * @param params such as training gave
 * @param options.dtype of the file, default float32
 * @param options.maxShardBytes above which the weights are spread over several files, default 5 GB
 */
export const savePretrained = <Head extends HeadName>(
  folder: string,
  model: Transformer<Head>,
  params: TransformerParams<NoInfer<Head>>,
  options: SaveOptions = {},
): TaskEither<TransformersError, void> => asTask(() => save(folder, model, params, options))

/**
 * Writes a model in the layout of Hugging Face.
 *
 * @throws {WriteError}
 */
export const savePretrainedOrThrow = async <Head extends HeadName>(
  folder: string,
  model: Transformer<Head>,
  params: TransformerParams<NoInfer<Head>>,
  options: SaveOptions = {},
): Promise<void> => valueOrThrow(await savePretrained(folder, model, params, options)())
