import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { SessionError } from '../errors.ts'
import { opsOf } from './events.ts'
import type { OpProfile, TraceEvent } from './events.ts'
import { jobFile, modelFile, recordPrefix } from './job.ts'
import type { Job } from './job.ts'
import { createPlacementReader } from './placement.ts'
import type { Placement } from './placement.ts'

// Sources cannot run before they are compiled; tests use the built script.
const script = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../dist/apart/main.js' : './main.js', import.meta.url))

/** What is known of a model after a session was built for it in another process. */
export interface Finding {
  readonly placement: Placement
  /** The ops that ran; none when nothing was to be recorded, or when the runtime ended the process while it recorded. */
  readonly ops: readonly OpProfile[]
}

interface Ended {
  readonly code: number | null
  readonly lastLine: string
}

/** Runs the script and shows each line that it prints, of which there are many. */
const runScript = (folder: string, onLine: (line: string) => void): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    })
    let lastLine = ''
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        if (/error/i.test(line)) lastLine = line
        onLine(line)
      })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, lastLine }))
  })

const readRecord = async (folder: string): Promise<OpProfile[]> => {
  const file = (await readdir(folder)).find((name) => name.startsWith(recordPrefix))
  return opsOf(JSON.parse(await readFile(join(folder, file as string), 'utf8')) as TraceEvent[])
}

/**
 * Builds a session for a model in a process of its own and reads what the runtime says of it. It says it on stderr only, and on webgpu
 * some drivers end the process that records.
 *
 * @throws {SessionError} when no session could be built
 */
export const runApart = async (model: Uint8Array, job: Job): Promise<Finding> => {
  const folder = await mkdtemp(join(tmpdir(), 'grad-ts-'))
  try {
    await Promise.all([writeFile(join(folder, modelFile), model), writeFile(join(folder, jobFile), JSON.stringify(job))])
    const reader = createPlacementReader(job.device)
    const { code, lastLine } = await runScript(folder, reader.read)
    const placement = reader.placement()
    if (Object.keys(placement.nodes).length === 0) throw new SessionError(job.device, lastLine)
    return { placement, ops: job.record && code === 0 ? await readRecord(folder) : [] }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Tells where the nodes of a model run. */
export const placeModel = async (model: Uint8Array, options: Omit<Job, 'record'>): Promise<Placement> =>
  (await runApart(model, { ...options, record: false })).placement
