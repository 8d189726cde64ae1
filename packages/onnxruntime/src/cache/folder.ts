import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ArgumentError, reasonOf } from '../errors.ts'
import { decodeEntry, encodeEntry } from './entry.ts'

/** Entries in a folder, which several processes may use at once. */
export interface Folder {
  /** Gives the value of an entry that is there and whole. */
  readonly read: (key: string) => Promise<unknown>
  /** Tells whether an entry is there, and notes that it was used. */
  readonly touch: (key: string) => Promise<boolean>
  /** Writes an entry, and removes those that were not used for the longest time as long as all take too many bytes. */
  readonly write: (key: string, value: unknown) => Promise<void>
}

const ending = '.plan'
const unfinished = '.part'

// What a process left that ended while it wrote. An entry takes no hour to write.
const staleAfter = 3_600_000

interface Found {
  readonly path: string
  readonly bytes: number
  readonly usedAt: number
}

const statOf = async (path: string): Promise<Found[]> => {
  try {
    const { size, mtimeMs } = await stat(path)
    return [{ path, bytes: size, usedAt: mtimeMs }]
  } catch {
    // Another process removed it.
    return []
  }
}

const list = async (folder: string, kind: string): Promise<Found[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith(kind))
  return (await Promise.all(names.map((name) => statOf(join(folder, name))))).flat()
}

const removeStale = async (folder: string): Promise<void> => {
  for (const { path, usedAt } of await list(folder, unfinished)) if (Date.now() - usedAt > staleAfter) await rm(path, { force: true })
}

const shrink = async (folder: string, maxBytes: number, except: string): Promise<void> => {
  const found = await list(folder, ending)
  let total = found.reduce((sum, { bytes }) => sum + bytes, 0)
  const others = found.filter(({ path }) => path !== except)
  for (const { path, bytes } of others.sort((a, b) => a.usedAt - b.usedAt)) {
    if (total <= maxBytes) return
    await rm(path, { force: true })
    total -= bytes
  }
}

const make = async (folder: string): Promise<void> => {
  try {
    await mkdir(folder, { recursive: true })
  } catch (cause) {
    throw new ArgumentError('cache', '', 'a folder that can be made', `'${folder}' (${reasonOf(cause)})`)
  }
}

/**
 * Opens a folder of entries. What cannot be read counts as absent; what cannot be written is left out.
 *
 * @throws {ArgumentError} when the folder is not there and cannot be made
 */
export const openFolder = async (folder: string, maxBytes: number): Promise<Folder> => {
  await make(folder)
  const pathOf = (key: string): string => join(folder, `${key}${ending}`)
  // The time of its last use decides what is removed first.
  const touch = (key: string): Promise<boolean> =>
    utimes(pathOf(key), new Date(), new Date()).then(
      () => true,
      () => false,
    )
  const read = async (key: string): Promise<unknown> => {
    try {
      const value = decodeEntry(key, await readFile(pathOf(key)))
      if (value !== undefined) await touch(key)
      return value
    } catch {
      return undefined
    }
  }
  const write = async (key: string, value: unknown): Promise<void> => {
    const bytes = encodeEntry(key, value)
    if (bytes.length > maxBytes) return
    const temporary = join(folder, `${key}.${randomUUID()}${unfinished}`)
    try {
      await writeFile(temporary, bytes)
      await rename(temporary, pathOf(key))
      await shrink(folder, maxBytes, pathOf(key))
      await removeStale(folder)
    } catch {
      // A full disk or a folder that may only be read: the program runs all the same.
      await rm(temporary, { force: true }).catch(() => undefined)
    }
  }
  return { read, touch, write }
}
