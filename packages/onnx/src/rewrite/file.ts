/// <reference types="node" />
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { sizeOf } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { isOnnxError, OnnxOptionError } from '../import/errors.ts'
import type { OnnxError } from '../import/errors.ts'
import type { NamedTensors, OnnxModel } from '../import/types.ts'
import { elementBytes, withElements } from './tensor.ts'
import { fileParts, valuesOf } from './write.ts'
import type { ToOnnxOptions } from './write.ts'
import type { Replace } from './weights.ts'
import { isFloatType } from '../import/elements.ts'

export interface WriteOptions extends ToOnnxOptions {
  /** Weights of at least this many bytes go into `NAME.data` beside the file; default: only what would not fit into a file. */
  readonly externalFrom?: number
}

/** What one protobuf message may hold, with room for everything that is no weight. */
const roomy = 2 ** 31 - 2 ** 26

const alignment = 4096

const weightBytes = ({ source }: OnnxModel): number =>
  [...source.weights.values()].reduce((total, { shape }) => total + 4 * sizeOf(shape), 0)

interface Outside {
  readonly replace: Replace
  readonly chunks: { readonly offset: number; readonly bytes: Uint8Array }[]
}

/** Collects large weights for the file beside the model, each at a whole page. */
const outside = (model: OnnxModel, values: ReadonlyMap<string, Constant>, location: string, from: number): Outside => {
  const chunks: { readonly offset: number; readonly bytes: Uint8Array }[] = []
  let end = 0
  const replace: Replace = (name, stored, message) => {
    const changed = values.get(name)
    const value = changed ?? model.source.weights.get(name)
    if (value === undefined || !isFloatType(stored.type)) return undefined
    const isChanged = changed !== undefined || stored.data.tag === 'external'
    const size = sizeOf(stored.shape) * 4
    if (size < from) return isChanged ? withElements(message, elementBytes(stored, value), { tag: 'inline' }) : undefined
    const bytes = elementBytes(stored, value)
    const offset = Math.ceil(end / alignment) * alignment
    chunks.push({ offset, bytes })
    end = offset + bytes.length
    return withElements(message, bytes, { tag: 'external', location, offset })
  }
  return { replace, chunks }
}

const write = async (path: string, model: OnnxModel, params: NamedTensors, options: WriteOptions): Promise<void> => {
  const { createWriteStream } = await import('node:fs')
  const { open, rename } = await import('node:fs/promises')
  const paths = await import('node:path')
  const { finished } = await import('node:stream/promises')
  const from = options.externalFrom ?? (weightBytes(model) > roomy ? 1024 : Number.POSITIVE_INFINITY)
  const values = valuesOf(model, params)
  const { replace, chunks } = outside(model, values, `${paths.basename(path)}.data`, from)
  const parts = fileParts(model, values, replace, options)
  if (chunks.length > 0) {
    const file = await open(`${path}.data.part`, 'w')
    try {
      for (const { offset, bytes } of chunks) await file.write(bytes, 0, bytes.length, offset)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(`${path}.data.part`, `${path}.data`)
  }
  const stream = createWriteStream(`${path}.part`)
  for (const part of parts) stream.write(part)
  stream.end()
  await finished(stream)
  await rename(`${path}.part`, path)
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
