import { createHash } from 'node:crypto'
import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type { Constant } from '@grad-ts/tensor'
import { CheckpointError } from '../errors.ts'
import { decodeSafetensors, encodeSafetensors, writeAtomicallyOrThrow, WriteError } from '@grad-ts/files'
import { firstFault, format, formatOf, Manifest } from './manifest.ts'

/** A checkpoint in memory. */
export interface Checkpoint {
  readonly manifest: Omit<Manifest, 'format' | 'tensors'>
  readonly tensors: Readonly<Record<string, Constant>>
}

const nameOf = (step: number): string => `step-${String(step).padStart(9, '0')}`
const manifestName = /^step-(\d{9,})\.json$/
const ours = /^(\.step-\d{9,}\.(json|safetensors)\.\d+\.\d+\.tmp|step-\d{9,}\.safetensors)$/

const filesIn = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder)
  } catch {
    return []
  }
}

/** The steps of which there is a checkpoint, the newest first. */
export const stepsIn = async (folder: string): Promise<number[]> =>
  (await filesIn(folder))
    .flatMap((file) => manifestName.exec(file)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a)

/** Removes what a killed run left behind: files that no manifest names. */
export const sweep = async (folder: string): Promise<void> => {
  const files = await filesIn(folder)
  const named = new Set(files.filter((file) => manifestName.test(file)).map((file) => file.replace('.json', '.safetensors')))
  for (const file of files) if (ours.test(file) && !named.has(file)) await rm(join(folder, file), { force: true })
}

const hashOf = (pieces: readonly Uint8Array[]): string =>
  pieces.reduce((hash, piece) => hash.update(piece), createHash('sha256')).digest('hex')

/** Which checkpoints stay: the newest ones, and the best. */
export interface Kept {
  readonly keep: number
  readonly best?: number
}

/**
 * Writes a checkpoint: first the tensors, then the manifest that names them. Whatever happens between, the older ones stay whole.
 *
 * @returns the path of the manifest
 */
export const writeCheckpoint = async (folder: string, { manifest, tensors }: Checkpoint, kept: Kept): Promise<string> => {
  const name = nameOf(manifest.step)
  const pieces = encodeSafetensors(tensors, { format: 'grad-ts' })
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
  await writeAtomicallyOrThrow(join(folder, `${name}.safetensors`), pieces)
  const whole: Manifest = { ...manifest, format, tensors: { file: `${name}.safetensors`, bytes, sha256: hashOf(pieces) } }
  const path = join(folder, `${name}.json`)
  await writeAtomicallyOrThrow(path, `${JSON.stringify(Manifest.encode(whole))}\n`)
  for (const step of (await stepsIn(folder)).slice(kept.keep)) if (step !== kept.best) await removeCheckpoint(folder, step)
  return path
}

/** The manifest goes first: a checkpoint without one is none. */
export const removeCheckpoint = async (folder: string, step: number): Promise<void> => {
  await rm(join(folder, `${nameOf(step)}.json`), { force: true })
  await rm(join(folder, `${nameOf(step)}.safetensors`), { force: true })
}

/** Takes a damaged checkpoint out of the way of the run; a person may still want to look at it. */
export const setAside = async (folder: string, step: number): Promise<void> => {
  for (const ending of ['json', 'safetensors']) {
    const path = join(folder, `${nameOf(step)}.${ending}`)
    await rename(path, `${path}.damaged`).catch((cause: unknown) => {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw new WriteError(path, cause)
    })
  }
}

const parse = (path: string, text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CheckpointError(path, 'damaged', `it is not JSON (${(cause as Error).message})`)
  }
}

const decodeManifest = (path: string, text: string): Manifest => {
  const value = parse(path, text)
  const claimed = formatOf(value)
  if (claimed === undefined) throw new CheckpointError(path, 'foreign', 'it is no manifest of a checkpoint')
  if (claimed !== format) throw new CheckpointError(path, 'version', `its format is ${claimed}, this version reads ${format}`)
  const manifest = Manifest.decode(value)
  if (E.isLeft(manifest)) throw new CheckpointError(path, 'damaged', firstFault(manifest.left))
  return manifest.right
}

const readOr = async (path: string): Promise<Buffer> => {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new CheckpointError(path, 'damaged', `it cannot be read (${(cause as Error).message})`)
  }
}

/** Reads what a checkpoint says of itself. */
export const readManifest = async (folder: string, step: number): Promise<Manifest> => {
  const path = join(folder, `${nameOf(step)}.json`)
  return decodeManifest(path, (await readOr(path)).toString())
}

/**
 * Reads a checkpoint and checks it against its hash.
 *
 * @throws {CheckpointError} when a file is missing, truncated, changed, foreign or of another version
 */
export const readCheckpoint = async (folder: string, step: number): Promise<Checkpoint> => {
  const manifest = await readManifest(folder, step)
  const file = join(folder, manifest.tensors.file)
  const bytes = await readOr(file)
  if (bytes.length !== manifest.tensors.bytes)
    throw new CheckpointError(file, 'damaged', `it has ${bytes.length} bytes, its manifest says ${manifest.tensors.bytes}`)
  if (hashOf([bytes]) !== manifest.tensors.sha256) throw new CheckpointError(file, 'damaged', 'its hash is not the one in its manifest')
  const decoded = decodeSafetensors(bytes)
  if (E.isLeft(decoded)) throw new CheckpointError(file, 'damaged', decoded.left.message)
  return { manifest, tensors: decoded.right.tensors }
}
