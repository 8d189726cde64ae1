import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { FileResult } from './replay-file.ts'

const workerFile = fileURLToPath(new URL('worker.js', import.meta.url))

const inWorker = (worker: ReturnType<typeof fork>, path: string): Promise<FileResult> =>
  new Promise((resolve) => {
    const lost = (code: number | null, signal: string | null): void =>
      resolve({ path, cases: [{ name: path, status: 'failed', reason: `its process ended with ${signal ?? code}` }] })
    worker.once('exit', lost)
    worker.once('message', (result: FileResult) => {
      worker.off('exit', lost)
      resolve(result)
    })
    worker.send(path)
  })

/** Replays files in worker processes, a few at a time, and gives the results in the order of the files. */
export async function* replayAll(paths: readonly string[], processes: number): AsyncIterable<FileResult> {
  const waiting = paths.map((path) => {
    let settle: (result: FileResult) => void = () => {}
    const result = new Promise<FileResult>((resolve) => (settle = resolve))
    return { path, result, settle }
  })
  const rest = waiting.values()
  const work = async (): Promise<void> => {
    let worker = fork(workerFile)
    for (const { path, settle } of rest) {
      if (worker.exitCode !== null || worker.signalCode !== null) worker = fork(workerFile)
      settle(await inWorker(worker, path))
    }
    if (worker.connected) worker.disconnect()
  }
  const working = Promise.all(Array.from({ length: Math.min(processes, paths.length) }, work))
  for (const { result } of waiting) yield await result
  await working
}
