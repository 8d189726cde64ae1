/// <reference types="node" />
import { OnnxExternalDataError, OnnxFormatError } from './errors.ts'
import type { ReadExternal } from './elements.ts'

interface ModelFile {
  readonly bytes: Uint8Array
  readonly external: ReadExternal
  readonly close: () => void
}

/** What Node reads at once is less than 2 GiB. */
const longestRead = 2 ** 30

/** Reads a model file; external files are opened when a weight asks for them, only inside the model's folder. */
export const readModelFile = async (path: string, atOnce = longestRead): Promise<ModelFile> => {
  // Imported here, so that the package loads where there are no files.
  const fs = await import('node:fs')
  const paths = await import('node:path')
  const bytes = await fs.promises.readFile(path).catch((cause: unknown) => {
    throw new OnnxFormatError(`cannot read '${path}': ${(cause as Error).message}`)
  })
  const folder = await fs.promises.realpath(paths.dirname(paths.resolve(path)))
  const open = new Map<string, number>()

  const inside = (location: string): string => {
    const target = paths.resolve(folder, location)
    const within = (place: string): boolean => {
      const way = paths.relative(folder, place)
      return way !== '' && way !== '..' && !way.startsWith(`..${paths.sep}`) && !paths.isAbsolute(way)
    }
    if (location === '' || paths.isAbsolute(location) || !within(target))
      throw new OnnxExternalDataError(
        location,
        `the model's weights lie in '${location}', outside the model's folder; only files beside the model are read`,
      )
    if (!fs.existsSync(target))
      throw new OnnxExternalDataError(
        location,
        `the model's weights lie in '${location}', which is not in its folder; copy the file beside '${path}'`,
      )
    // A link could still lead out.
    if (!within(fs.realpathSync(target)))
      throw new OnnxExternalDataError(location, `'${location}' is a link out of the model's folder; only files beside the model are read`)
    if (!fs.statSync(target).isFile()) throw new OnnxExternalDataError(location, `'${location}' is not a file`)
    return target
  }

  const external: ReadExternal = (location, offset, length) => {
    const file = open.get(location) ?? fs.openSync(inside(location), 'r')
    open.set(location, file)
    const available = Math.max(0, fs.fstatSync(file).size - offset)
    const wanted = length ?? available
    if (available < wanted)
      throw new OnnxExternalDataError(
        location,
        `'${location}' ends before the weights do: expected ${wanted} bytes from ${offset}, got ${available}`,
      )
    const buffer = new Uint8Array(wanted)
    let done = 0
    while (done < wanted) {
      const count = fs.readSync(file, buffer, done, Math.min(atOnce, wanted - done), offset + done)
      if (count === 0) throw new OnnxExternalDataError(location, `'${location}' ended while it was read`)
      done += count
    }
    return buffer
  }
  return { bytes, external, close: () => open.forEach((file) => fs.closeSync(file)) }
}
