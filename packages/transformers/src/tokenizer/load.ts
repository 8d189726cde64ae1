import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { writeAtomicallyOrThrow } from '@grad-ts/files'
import { asTask, TokenizerError, valueOrThrow } from '../errors.ts'
import type { TransformersError } from '../errors.ts'
import { readJson, readJsonIfThere } from '../folder/json.ts'
import { decodeTokenizerOrThrow } from './tokenizer.ts'
import type { Tokenizer } from './tokenizer.ts'
import type { Json } from './special.ts'

const [tokenizerFile, configFile] = ['tokenizer.json', 'tokenizer_config.json']

const malformed = (reason: string): TokenizerError => new TokenizerError(reason)

const load = async (folder: string): Promise<Tokenizer> => {
  const older = ['vocab.txt', 'vocab.json', 'tokenizer.model', 'spiece.model'].find((name) => existsSync(join(folder, name)))
  if (older !== undefined && !existsSync(join(folder, tokenizerFile)))
    throw malformed(
      `${folder} has ${older} and no ${tokenizerFile}, which is what is read; transformers makes one by AutoTokenizer.from_pretrained(…).save_pretrained(…)`,
    )
  const tokenizer = (await readJson(folder, tokenizerFile, malformed)) as Json
  const config = (await readJsonIfThere(folder, configFile, malformed)) as Json | undefined
  return decodeTokenizerOrThrow(tokenizer, config ?? {})
}

/**
 * Reads the tokenizer of a model from its folder: `tokenizer.json`, and `tokenizer_config.json` where there is one. Nothing is fetched.
 *
 * @param folder such as a clone of a published model
 */
export const loadTokenizer = (folder: string): TaskEither<TransformersError, Tokenizer> => asTask(() => load(folder))

/**
 * Reads the tokenizer of a model from its folder.
 *
 * @throws {MissingFileError} when there is none; it says where it is published
 * @throws {TokenizerError} when it is of a form that is not read
 */
export const loadTokenizerOrThrow = async (folder: string): Promise<Tokenizer> => valueOrThrow(await loadTokenizer(folder)())

/** Writes a tokenizer into the folder of a model, as it was read. */
export const saveTokenizer = (folder: string, { source }: Tokenizer): TaskEither<TransformersError, void> =>
  asTask(async () => {
    await writeAtomicallyOrThrow(join(folder, tokenizerFile), `${JSON.stringify(source.tokenizer)}\n`)
    await writeAtomicallyOrThrow(join(folder, configFile), `${JSON.stringify(source.config, null, 2)}\n`)
  })

/**
 * Writes a tokenizer into the folder of a model.
 *
 * @throws {WriteError}
 */
export const saveTokenizerOrThrow = async (folder: string, tokenizer: Tokenizer): Promise<void> =>
  valueOrThrow(await saveTokenizer(folder, tokenizer)())
