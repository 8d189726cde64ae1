import { readFile } from 'node:fs/promises'
import { formatOf, replayers, unplayed } from './replayers.ts'
import { messageOf } from './result.ts'
import type { CaseResult } from './result.ts'

/** What came of a file: its cases, or that it is no fixture. */
export interface FileResult {
  readonly path: string
  readonly isFixture: boolean
  readonly cases: readonly CaseResult[]
}

const parsed = async (path: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}

const skipped = (file: unknown, path: string, reason: string): CaseResult[] => {
  const { cases } = file as { cases?: readonly { readonly name?: string }[] }
  return (cases ?? [{}]).map(({ name = path }) => ({ name, status: 'skipped', reason }))
}

const replay = async (format: string, file: unknown, path: string): Promise<CaseResult[]> => {
  const replayer = replayers[format]
  if (replayer === undefined) return skipped(file, path, unplayed[format] ?? `no replayer for the format '${format}'`)
  const results: CaseResult[] = []
  try {
    for await (const result of await replayer(file as never, path)) results.push(result)
  } catch (error) {
    results.push({ name: path, status: 'failed', reason: messageOf(error) })
  }
  return results
}

/** Replays one file. */
export const replayFile = async (path: string): Promise<FileResult> => {
  const file = path.endsWith('.json') ? await parsed(path) : undefined
  const format = formatOf(file)
  if (format === undefined) return { path, isFixture: false, cases: [] }
  return { path, isFixture: true, cases: await replay(format, file, path) }
}
