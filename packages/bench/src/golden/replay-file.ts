import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { formatOf, replayers } from './replayers.ts'
import { messageOf } from './result.ts'
import type { CaseResult } from './result.ts'

/** What came of a file: its cases, or nothing when it is no fixture. */
export interface FileResult {
  readonly path: string
  readonly cases?: readonly CaseResult[]
}

const parsed = async (path: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}

const replay = async (format: string, file: unknown, path: string): Promise<CaseResult[]> => {
  const name = basename(path, '.json')
  const replayer = replayers[format]
  if (replayer === undefined) return [{ name, status: 'unknown', reason: `no replayer for the format '${format}'` }]
  const results: CaseResult[] = []
  try {
    for await (const result of await replayer(file as never, { path, name })) results.push(result)
  } catch (error) {
    results.push({ name, status: 'failed', reason: messageOf(error) })
  }
  return results
}

/** Replays one file. */
export const replayFile = async (path: string): Promise<FileResult> => {
  const file = path.endsWith('.json') ? await parsed(path) : undefined
  const format = formatOf(file)
  return format === undefined ? { path } : { path, cases: await replay(format, file, path) }
}
