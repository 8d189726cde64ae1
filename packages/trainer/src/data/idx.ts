import { readFile } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { sizeOf, tensor } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { DataError } from '../errors.ts'
import { attempt, hasTag, orThrow, valueOrThrow } from '../internal/edge.ts'

/** Element types of the format: bytes per element and how to read one, all big-endian. */
const elementTypes: Record<
  number,
  { readonly size: number; readonly float: boolean; readonly read: (view: DataView, at: number) => number }
> = {
  0x08: { size: 1, float: false, read: (view, at) => view.getUint8(at) },
  0x09: { size: 1, float: false, read: (view, at) => view.getInt8(at) },
  0x0b: { size: 2, float: false, read: (view, at) => view.getInt16(at) },
  0x0c: { size: 4, float: false, read: (view, at) => view.getInt32(at) },
  0x0d: { size: 4, float: true, read: (view, at) => view.getFloat32(at) },
  0x0e: { size: 8, float: true, read: (view, at) => view.getFloat64(at) },
}

/**
 * Decodes an idx file, the format of the MNIST images.
 *
 * @param bytes the whole file
 * @param path names the data in messages
 * @returns integers as int32, floats as float32; the shape that the header gives
 * @example
 * import { isRight } from 'fp-ts/lib/Either.js'
 * import { toArray } from '@grad-ts/tensor'
 * import { parseIdx } from '@grad-ts/trainer'
 * const bytes = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9)
 * const result = parseIdx(bytes)
 * isRight(result) && toArray(result.right) // => [7, 8, 9]
 */
export const parseIdx = (bytes: Uint8Array, path = 'idx data'): E.Either<DataError, Constant> => {
  const fail = (reason: string) => E.left(new DataError(path, `${reason}; expected an idx file, download it again`))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 4 || view.getUint16(0) !== 0) return fail('it does not start with the two zero bytes of the format')
  const type = elementTypes[view.getUint8(2)]
  if (type === undefined) return fail(`it has the unknown element type 0x${view.getUint8(2).toString(16)}`)
  const rank = view.getUint8(3)
  const start = 4 + 4 * rank
  if (bytes.length < start) return fail(`it ends inside its header, after ${bytes.length} bytes`)
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis))
  const expected = start + sizeOf(shape) * type.size
  if (bytes.length !== expected) return fail(`its header [${shape.join(', ')}] needs ${expected} bytes, it has ${bytes.length}`)
  const data = new (type.float ? Float32Array : Int32Array)(sizeOf(shape))
  for (let i = 0; i < data.length; i++) data[i] = type.read(view, start + i * type.size)
  return E.right(tensor(data, { shape }))
}

/** Reads a whole file; a missing one becomes a `DataError` that says what to try. */
export const readBytes = async (path: string): Promise<Uint8Array> => {
  try {
    return await readFile(path)
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new DataError(
      path,
      missing ? 'no such file; check the path, or install the package that holds it' : `cannot be read (${String(cause)})`,
      { cause },
    )
  }
}

/** Reads an idx file. */
export const readIdx = (path: string): TaskEither<DataError, Constant> =>
  attempt(hasTag<DataError>('DataError'), async () => valueOrThrow(parseIdx(await readBytes(path), path)))

/**
 * Reads an idx file.
 *
 * @throws {DataError} when the file is missing or corrupt
 */
export const readIdxOrThrow = (path: string): Promise<Constant> => orThrow(readIdx(path))
