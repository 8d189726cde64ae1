import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { WriteError } from './errors.ts'
import { attempt, orThrow } from './internal/edge.ts'

/** What a file may be made of: text (UTF-8), bytes, or bytes in pieces, which are asked for one after the other. */
export type Content = string | Uint8Array | Iterable<Uint8Array>

let written = 0

const piecesOf = (content: Content): Iterable<Uint8Array> => {
  if (typeof content === 'string') return [Buffer.from(content)]
  return content instanceof Uint8Array ? [content] : content
}

/** Writes every byte (a full disk is an error, not a short file) and waits until the disk has them. */
const writeFlushed = async (path: string, content: Content): Promise<void> => {
  const file = await open(path, 'wx')
  try {
    for (const piece of piecesOf(content)) await file.writeFile(piece)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A rename is only on the disk once the folder is; some systems cannot open a folder, and need not. */
const flushFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

/**
 * Writes a file so that its name holds either the old or the new content, never a part:
 * a temporary name beside it, a flush to the disk, then a rename. Missing folders are made.
 *
 * @param path where
 * @param content text, bytes, or bytes in pieces
 */
export const writeAtomically = (path: string, content: Content): TaskEither<WriteError, void> =>
  attempt([WriteError], async () => {
    const folder = dirname(path)
    const temporary = join(folder, `.${basename(path)}.${process.pid}.${written++}.tmp`)
    try {
      await mkdir(folder, { recursive: true })
      await writeFlushed(temporary, content)
      await rename(temporary, path)
      await flushFolder(folder)
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => undefined)
      throw new WriteError(path, cause)
    }
  })

/**
 * Writes a file whole or not at all.
 *
 * @throws {WriteError} when the folder or the file cannot be written, or the disk is full
 */
export const writeAtomicallyOrThrow = (path: string, content: Content): Promise<void> => orThrow(writeAtomically(path, content))
