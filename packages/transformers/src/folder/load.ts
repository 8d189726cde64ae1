import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { openSafetensorsOrThrow, openShardsOrThrow } from '@grad-ts/files'
import type { TensorFile } from '@grad-ts/files'
import { asTask, ConfigError, valueOrThrow } from '../errors.ts'
import type { TransformersError } from '../errors.ts'
import type { TransformerConfig } from '../families.ts'
import { fromConfigOrThrow } from '../model.ts'
import type { HeadOptions, Transformer, TransformerParams } from '../model.ts'
import type { HeadName } from '../model/heads.ts'
import { readWeights } from '../weights/read.ts'
import type { LoadReport, ReadOptions } from '../weights/read.ts'
import { readJson } from './json.ts'
import { missing } from './published.ts'

/** A model with its weights. */
export interface Pretrained<Head extends HeadName = HeadName> {
  readonly model: Transformer<Head>
  /** Constants. */
  readonly params: TransformerParams<Head>
  readonly config: TransformerConfig
  readonly report: LoadReport
}

/** Which model to make of a folder. */
export type PretrainedOptions<Head extends HeadName = 'none'> = HeadOptions<Head> & ReadOptions

export const weightsFile = 'model.safetensors'
export const indexFile = 'model.safetensors.index.json'
export const configFile = 'config.json'

const openWeights = (folder: string, config: TransformerConfig): Promise<TensorFile> => {
  const [single, index] = [join(folder, weightsFile), join(folder, indexFile)]
  if (existsSync(single)) return openSafetensorsOrThrow(single)
  if (existsSync(index)) return openShardsOrThrow(index)
  throw missing(folder, weightsFile, config)
}

const load = async <Head extends HeadName>(folder: string, options: PretrainedOptions<Head>): Promise<Pretrained<Head>> => {
  const config = await readJson(folder, configFile, (reason) => new ConfigError('', 'JSON', reason))
  const model = fromConfigOrThrow<Head>(config, options)
  const file = await openWeights(folder, model.config)
  try {
    const { params, report } = await readWeights(file, model, options)
    return { model, params, config: model.config, report }
  } finally {
    await file.close()
  }
}

/**
 * Reads a model from a folder in the layout of Hugging Face: `config.json`, and `model.safetensors` or its shards. Nothing is fetched.
 *
 * @param folder such as a clone of a published model
 * @param options.head what the model is for: `maskedLm`, `causalLm`, `sequenceClassification` or `tokenClassification`. Default: none
 * @param options.labels classes of a classifier, their number or their names. Default: those of the configuration
 * @param options.key draws a head that the files lack. Default: such a head is an error that names its tensors
 * @param options.dtype of the weights. Default float32, whatever the files have
 */
export const fromPretrained = <const Head extends HeadName = 'none'>(
  folder: string,
  options: PretrainedOptions<Head> = {},
): TaskEither<TransformersError, Pretrained<Head>> => asTask(() => load(folder, options))

/**
 * Reads a model from a folder in the layout of Hugging Face, and rejects with a `TransformersError` when that fails.
 *
 * @throws {MissingFileError} when a file is not there; it says where it is published
 */
export const fromPretrainedOrThrow = async <const Head extends HeadName = 'none'>(
  folder: string,
  options: PretrainedOptions<Head> = {},
): Promise<Pretrained<Head>> => valueOrThrow(await fromPretrained(folder, options)())
