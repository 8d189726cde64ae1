/// <reference types="node" />
import type { FileHandle } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { isOnnxError, OnnxOptionError } from '../import/errors.ts'
import type { OnnxError } from '../import/errors.ts'
import type { NamedTensors, OnnxModel } from '../import/types.ts'
import { besides, weightBytes } from './beside.ts'
import { checkSize, fileParts, valuesOf } from './write.ts'
import type { ToOnnxOptions } from './write.ts'

export interface WriteOptions extends ToOnnxOptions {
  /** Weights of at least this many bytes go into `NAME.data` beside the file. Default: none while they fit into the file, else 1024. */
  readonly externalFrom?: number
  /** How long the file may get with its weights inside. Default: just below 2 GB, which is all that its format can hold. */
  readonly maximumBytes?: number
  /** How long a file beside it may get before another one, `NAME.data.1`, begins. Default: any length. */
  readonly maximumDataBytes?: number
}

/** What one protobuf message may hold, with room for everything that is no weight. */
const roomy = 2 ** 31 - 2 ** 26

// Less than Node writes at once.
const longestWrite = 2 ** 30

const writeAll = async (file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> => {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(longestWrite, bytes.length - done), offset + done)
    done += bytesWritten
  }
}

/** Writes files under other names first; they get their own when all are on the disk. */
const transaction = async (write: (open: (path: string) => Promise<FileHandle>) => Promise<void>): Promise<void> => {
  const { open, rename, rm } = await import('node:fs/promises')
  const files = new Map<string, FileHandle>()
  const opened = async (path: string): Promise<FileHandle> => {
    const file = files.get(path) ?? (await open(`${path}.part`, 'w'))
    files.set(path, file)
    return file
  }
  const close = async (): Promise<void> => {
    for (const file of files.values()) await file.close()
  }
  try {
    await write(opened)
    for (const file of files.values()) await file.sync()
  } catch (error) {
    await close()
    for (const path of files.keys()) await rm(`${path}.part`, { force: true })
    throw error
  }
  await close()
  for (const path of files.keys()) await rename(`${path}.part`, path)
}

const write = async (path: string, model: OnnxModel, params: NamedTensors, options: WriteOptions): Promise<void> => {
  const paths = await import('node:path')
  const isLong = weightBytes(model) > (options.maximumBytes ?? roomy)
  const from = options.externalFrom ?? (isLong ? 1024 : Number.POSITIVE_INFINITY)
  const values = valuesOf(model, params)
  const { replace, chunks } = besides(
    model,
    values,
    `${paths.basename(path)}.data`,
    from,
    options.maximumDataBytes ?? Number.POSITIVE_INFINITY,
  )
  const parts = checkSize(fileParts(model, values, replace, options))
  await transaction(async (open) => {
    // The model comes last: where it is, its weights are.
    for (const { location, offset, bytes } of chunks) await writeAll(await open(paths.join(paths.dirname(path), location)), bytes(), offset)
    const file = await open(path)
    let at = 0
    for (const part of parts) {
      await writeAll(file, part, at)
      at += part.length
    }
  })
}

/**
 * Writes a model with new weights to a file; weights that do not fit into one file go into `NAME.data` beside it.
 *
 * @param path of the `.onnx` file
 * @param params see {@link toOnnx}
 */
export const writeOnnx =
  (path: string, model: OnnxModel, params: NamedTensors, options: WriteOptions = {}): TaskEither<OnnxError, void> =>
  async () => {
    try {
      return E.right(await write(path, model, params, options))
    } catch (error) {
      return E.left(isOnnxError(error) ? error : new OnnxOptionError('path', `cannot write '${path}': ${(error as Error).message}`))
    }
  }

/**
 * Like {@link writeOnnx}, as a promise.
 *
 * @throws {OnnxError}
 */
export const writeOnnxOrThrow = async (path: string, model: OnnxModel, params: NamedTensors, options: WriteOptions = {}): Promise<void> => {
  const result = await writeOnnx(path, model, params, options)()
  if (E.isLeft(result)) throw result.left
}
