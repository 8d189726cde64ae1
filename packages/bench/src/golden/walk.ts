import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Lists the files below a folder, in order of their names.
 *
 * @throws {Error} when the folder does not exist
 */
export const filesBelow = async (folder: string): Promise<string[]> => {
  const names = (await readdir(folder)).toSorted()
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name)
      return (await stat(path)).isDirectory() ? filesBelow(path) : [path]
    }),
  )
  return found.flat()
}
