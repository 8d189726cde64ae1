import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FileError } from '@grad-ts/files'
import { missing } from './published.ts'

/** Reads a JSON file of a folder; `undefined` when there is none. */
export const readJsonIfThere = async (folder: string, file: string, malformed: (reason: string) => Error): Promise<unknown> => {
  const path = join(folder, file)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    const error = new FileError(path, cause)
    if (error.missing) return undefined
    throw error
  })
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw malformed(`${path} is not JSON (${(cause as Error).message})`)
  }
}

/**
 * Reads a JSON file of a folder.
 *
 * @throws {MissingFileError} when there is none
 */
export const readJson = async (folder: string, file: string, malformed: (reason: string) => Error): Promise<unknown> => {
  const value = await readJsonIfThere(folder, file, malformed)
  if (value === undefined) throw missing(folder, file)
  return value
}
