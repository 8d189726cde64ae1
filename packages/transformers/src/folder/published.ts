import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { MissingFileError } from '../errors.ts'

/** The name of a model on the Hugging Face Hub: what its configuration says, else that of its folder, also in the cache of other tools. */
const nameOf = (folder: string, config?: object): string => {
  const told = (config as { readonly _name_or_path?: unknown } | undefined)?._name_or_path
  if (typeof told === 'string' && /^[\w.-]+(\/[\w.-]+)?$/.test(told)) return told
  const cached = /models--([^/\\]+)[/\\]snapshots/.exec(resolve(folder))?.[1]
  if (cached !== undefined) return cached.replace('--', '/')
  return /^[\w-][\w.-]*\/[\w.-]+$/.test(folder) ? folder : basename(resolve(folder))
}

const advice = (folder: string): string => {
  if (!existsSync(folder)) return 'there is no such folder; put the files of the model into it'
  const pickled = ['pytorch_model.bin', 'pytorch_model.bin.index.json', 'tf_model.h5'].find((name) => existsSync(join(folder, name)))
  return pickled === undefined
    ? 'copy it into the folder'
    : `the folder has ${pickled}, which is not read: take the safetensors of the same model, or write them with save_pretrained`
}

/** The error for a file that a folder lacks: where it is published, and what to do. */
export const missing = (folder: string, file: string, config?: object): MissingFileError =>
  new MissingFileError(join(folder, file), `${file} of ${nameOf(folder, config)} on the Hugging Face Hub`, advice(folder))
