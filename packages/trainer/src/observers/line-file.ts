import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { WriteError, writeAtomicallyOrThrow } from '@grad-ts/files'

/** A text file that grows line by line. */
export interface LineFile {
  /** Starts it anew with these lines. */
  readonly begin: (lines: readonly string[]) => Promise<void>
  readonly add: (line: string) => Promise<void>
  /** The lines that it has; none where there is no file. */
  readonly lines: () => Promise<readonly string[]>
  /** Replaces all lines, whatever ends the program meanwhile. */
  readonly replace: (lines: readonly string[]) => Promise<void>
}

const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')

/** Opens a file; failures to write are `WriteError`s. */
export const lineFile = (path: string): LineFile => {
  const guarded = async (write: () => Promise<void>): Promise<void> => {
    try {
      await write()
    } catch (cause) {
      throw new WriteError(path, cause)
    }
  }
  return {
    begin: (lines) =>
      guarded(async () => {
        await mkdir(dirname(path), { recursive: true })
        await writeFile(path, joined(lines))
      }),
    add: (line) => guarded(() => appendFile(path, `${line}\n`)),
    lines: async () => {
      const text = await readFile(path, 'utf8').catch(() => '')
      // What follows the last line break is a line that was never finished.
      return text.split('\n').slice(0, -1)
    },
    replace: (lines) => writeAtomicallyOrThrow(path, joined(lines)),
  }
}
