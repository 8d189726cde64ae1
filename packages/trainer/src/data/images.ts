import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { scalar, tensor } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { DataError } from '../errors.ts'
import { fromIterable } from './dataset.ts'
import type { StreamedDataset } from './dataset.ts'

/** A picture `[height, width, channels]` from 0 to 1, and the number of its class. */
export type LabelledImage = { readonly x: Constant; readonly y: Constant }

interface Pixels {
  readonly width: number
  readonly height: number
  readonly channels: number
  readonly data: ArrayLike<number>
  /** The value of full brightness. */
  readonly white: number
}

const decoders: Readonly<Record<string, (bytes: Uint8Array) => Promise<Pixels>>> = {
  '.png': async (bytes) => {
    const { decode } = await import('fast-png')
    const { width, height, channels, depth, data } = decode(bytes)
    return { width, height, channels, data, white: 2 ** depth - 1 }
  },
  '.jpg': async (bytes) => {
    const { decode } = await import('jpeg-js')
    return { ...decode(bytes, { useTArray: true, formatAsRGBA: false }), channels: 3, white: 255 }
  },
}

const decoderOf = (file: string) => decoders[extname(file).toLowerCase().replace('.jpeg', '.jpg')]

/**
 * Reads a PNG or JPEG picture.
 *
 * @returns float32 `[height, width, channels]` from 0 to 1
 * @throws {DataError} when the file is missing, damaged or of another format
 */
export const readImage = async (path: string): Promise<Constant> => {
  const decode = decoderOf(path)
  if (decode === undefined) throw new DataError(path, `expected one of ${Object.keys(decoders).join(', ')}`)
  try {
    const { width, height, channels, data, white } = await decode(await readFile(path))
    return tensor(
      Float32Array.from(data, (value) => value / white),
      { shape: [height, width, channels] },
    )
  } catch (cause) {
    throw new DataError(path, `cannot be read as a picture (${cause instanceof Error ? cause.message : String(cause)})`, { cause })
  }
}

/**
 * Makes a data set of pictures in folders: each folder is a class, in the order of their names.
 *
 * @param folder holds one folder per class
 * @returns the names of the classes, and a stream of all pictures with the numbers of their classes
 * @throws {DataError} when there are no classes
 */
export const readImageFolder = async (
  folder: string,
): Promise<{ readonly classes: readonly string[]; readonly data: StreamedDataset<LabelledImage> }> => {
  const found = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new DataError(folder, 'no such folder; check the path', { cause })
  })
  const classes = found
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
  const files: { readonly path: string; readonly label: number }[] = []
  for (const [label, name] of classes.entries())
    for (const file of (await readdir(join(folder, name))).sort())
      if (decoderOf(file) !== undefined) files.push({ path: join(folder, name, file), label })
  if (files.length === 0) throw new DataError(folder, 'expected folders of pictures, one for each class, found none')
  const data = fromIterable(async function* () {
    for (const { path, label } of files) yield { x: await readImage(path), y: scalar(label, 'int32') }
  }, files.length)
  return { classes, data }
}
