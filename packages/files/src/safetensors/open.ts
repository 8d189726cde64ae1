import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Constant } from '@grad-ts/tensor'
import { FileError, SafetensorsError } from '../errors.ts'
import { attempt, orThrow } from '../internal/edge.ts'
import { emptyTensor } from './decode.ts'
import { bytesOf, decodeElements, isVerbatim, readable } from './element-types.ts'
import type { Readable } from './element-types.ts'
import { decodeHeader, headerLength, prefix } from './header.ts'
import type { Header, TensorEntry } from './header.ts'

/** Tensors in one file or several, read one by one when they are asked for. */
export interface TensorFile extends Header, AsyncDisposable {
  /** The file, or the index of several. */
  readonly path: string
  /** Reads one tensor. */
  readonly read: (name: string) => TaskEither<FileError | SafetensorsError, Constant>
  /** Like `read`; rejects with the error. */
  readonly readOrThrow: (name: string) => Promise<Constant>
  readonly close: () => Promise<void>
}

// Other elements than those of memory are converted in pieces, so that a tensor is never held twice.
const pieceSize = 2 ** 22

/** Fills a buffer from a place of a file. */
const fill = async (file: FileHandle, into: Uint8Array, position: number): Promise<void> => {
  let done = 0
  while (done < into.length) {
    const { bytesRead } = await file.read(into, done, Math.min(into.length - done, 2 ** 30), position + done)
    if (bytesRead === 0) throw new SafetensorsError(`it ended at byte ${position + done} while it was read`)
    done += bytesRead
  }
}

const readTensor = async (file: FileHandle, entry: TensorEntry): Promise<Constant> => {
  const tensor = emptyTensor(entry)
  const { data } = tensor.attributes
  if (isVerbatim(entry.code)) {
    await fill(file, bytesOf(data), entry.start)
    return tensor
  }
  const { size } = readable[entry.code] as Readable
  const piece = new Uint8Array(Math.min(pieceSize, entry.end - entry.start))
  for (let at = entry.start; at < entry.end; at += piece.length) {
    const part = piece.subarray(0, Math.min(piece.length, entry.end - at))
    await fill(file, part, at)
    decodeElements(entry.name, entry.code, part, data, (at - entry.start) / size)
  }
  return tensor
}

const readHeader = async (file: FileHandle): Promise<Header> => {
  const { size } = await file.stat()
  const start = new Uint8Array(Math.min(prefix, size))
  await fill(file, start, 0)
  const text = new Uint8Array(headerLength(start, size))
  await fill(file, text, prefix)
  return decodeHeader(text, size)
}

/** Runs a read of a file: what the system complains about becomes a `FileError`, and every error names the file. */
export const naming = async <Value>(path: string, run: () => Promise<Value>): Promise<Value> => {
  try {
    return await run()
  } catch (cause) {
    if (cause instanceof SafetensorsError) throw cause.path === undefined ? new SafetensorsError(cause.reason, path) : cause
    if (typeof (cause as NodeJS.ErrnoException).code === 'string') throw new FileError(path, cause)
    throw cause
  }
}

/** Completes a file of tensors by the functions that follow from the others. */
export const tensorFile = (header: Header, own: Pick<TensorFile, 'path' | 'readOrThrow' | 'close'>): TensorFile => ({
  ...header,
  ...own,
  read: (name) => attempt([FileError, SafetensorsError], () => own.readOrThrow(name)),
  [Symbol.asyncDispose]: own.close,
})

const openOne = async (path: string): Promise<TensorFile> => {
  const file = await naming(path, () => open(path, 'r'))
  const header = await naming(path, () => readHeader(file)).catch(async (error: unknown) => {
    await file.close()
    throw error
  })
  const readOrThrow = async (name: string): Promise<Constant> => {
    const entry = header.tensors.get(name)
    if (entry === undefined) throw new SafetensorsError(`it has no tensor '${name}'`, path)
    return naming(path, () => readTensor(file, entry))
  }
  return tensorFile(header, { path, readOrThrow, close: () => file.close() })
}

/**
 * Opens a safetensors file: reads its header now, and each tensor when it is asked for.
 *
 * @returns an open file; close it
 */
export const openSafetensors = (path: string): TaskEither<FileError | SafetensorsError, TensorFile> =>
  attempt([FileError, SafetensorsError], () => openOne(path))

/**
 * Opens a safetensors file: reads its header now, and each tensor when it is asked for.
 *
 * @throws {FileError} when it is missing or cannot be read
 * @throws {SafetensorsError} when it is damaged
 */
export const openSafetensorsOrThrow = (path: string): Promise<TensorFile> => orThrow(openSafetensors(path))
