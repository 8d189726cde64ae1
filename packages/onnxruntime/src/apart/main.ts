import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadRuntime } from '../runtime.ts'
import { createSession } from '../session.ts'
import { zeroFeeds } from '../step/zeros.ts'
import { jobFile, modelFile, recordPrefix } from './job.ts'
import type { Job } from './job.ts'

const folder = process.argv[2] as string
const { record, ...options } = JSON.parse(await readFile(join(folder, jobFile), 'utf8')) as Job
const model = await readFile(join(folder, modelFile))
const session = await createSession(model, {
  ...options,
  verbose: true,
  ...(record && { profilePrefix: join(folder, recordPrefix) }),
})
if (record) {
  await session.run(zeroFeeds(await loadRuntime(), session), { logSeverityLevel: 4 })
  session.endProfiling()
}
await session.release()
