import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Lists the files of a folder and its folders, in order of their names; a file alone is itself.
 *
 * @throws {Error} when there is no such folder
 */
export const filesBelow = async (path: string): Promise<string[]> => {
  if ((await stat(path)).isFile()) return [path]
  const names = (await readdir(path)).filter((name) => !name.startsWith('.')).toSorted()
  return (await Promise.all(names.map((name) => filesBelow(join(path, name))))).flat()
}
