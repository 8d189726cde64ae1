import { Worker } from 'node:worker_threads'
import type { Constant } from '@grad-ts/tensor'
import { reasonOf, WorkerError } from '../errors.ts'
import type { StepExecutor } from '../step/executor.ts'
import { fromPlain, toPlain } from '../step/plan.ts'
import type { PlainConstant, StepPlan } from '../step/plan.ts'
import type { StartOptions } from '../step/start.ts'
import { errorOf } from './faults.ts'
import type { Answer, Question, Request } from './protocol.ts'

// Sources cannot run in a worker before they are compiled; tests use the built ones, and must not look for sources there.
const fromSource = import.meta.url.endsWith('.ts')
const script = new URL(fromSource ? '../../dist/worker/main.js' : './main.js', import.meta.url)
const workerOptions = fromSource ? { execArgv: [] } : {}

interface Waiting {
  readonly resolve: (values: readonly PlainConstant[]) => void
  readonly reject: (error: Error) => void
}

/** The one thread that holds all sessions which do not run in the caller's. */
interface Host {
  readonly worker: Worker
  readonly ask: (program: number, request: Request) => Promise<readonly PlainConstant[]>
  programs: number
  ending: NodeJS.Timeout | undefined
}

let host: Host | undefined
let nextProgram = 0

const startHost = (): Host => {
  const worker = new Worker(script, workerOptions)
  const waiting = new Map<number, Waiting>()
  let next = 0
  let dead: WorkerError | undefined
  const fail = (reason: string): void => {
    dead ??= new WorkerError(reason)
    if (host?.worker === worker) host = undefined
    for (const { reject } of waiting.values()) reject(dead)
    waiting.clear()
  }
  worker.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.id)
    waiting.delete(answer.id)
    if (waiting.size === 0) worker.unref()
    if ('fault' in answer) asked?.reject(errorOf(answer.fault))
    else asked?.resolve(answer.values)
  })
  worker.on('error', (error) => fail(reasonOf(error)))
  worker.on('messageerror', (error) => {
    fail(reasonOf(error))
    void worker.terminate()
  })
  worker.on('exit', (code) => fail(`it ended with code ${code}`))
  worker.unref()
  const ask = (program: number, request: Request): Promise<readonly PlainConstant[]> =>
    new Promise((resolve, reject) => {
      if (dead !== undefined) return reject(dead)
      const question: Question = { id: next++, program, request }
      worker.postMessage(question)
      waiting.set(question.id, { resolve, reject })
      // An idle worker must not keep the process alive; one that works must.
      worker.ref()
    })
  return { worker, ask, programs: 0, ending: undefined }
}

// A thread takes some 300 ms to start: it waits a while for the next program, but never keeps the process alive.
const patience = 10_000

/** Ends the thread some time after the last program has left it. */
const leave = (from: Host): void => {
  from.programs -= 1
  if (from.programs > 0) return
  from.ending = setTimeout(() => {
    if (host === from) host = undefined
    void from.worker.terminate()
  }, patience).unref()
}

const enter = (): Host => {
  host ??= startHost()
  clearTimeout(host.ending)
  host.programs += 1
  return host
}

/** Starts a plan in the worker thread; the event loop of the caller stays free while it runs. */
export const startPlanInWorker = async (
  plan: StepPlan,
  initial: readonly Constant[],
  options: StartOptions = {},
): Promise<StepExecutor> => {
  const mine = enter()
  const program = nextProgram++
  try {
    await mine.ask(program, { kind: 'start', plan, state: initial.map(toPlain), options })
  } catch (error) {
    leave(mine)
    throw error
  }
  return {
    run: async (batch) => (await mine.ask(program, { kind: 'run', batch: batch.map(toPlain) })).map(fromPlain),
    read: async () => (await mine.ask(program, { kind: 'read' })).map(fromPlain),
    write: async (state) => void (await mine.ask(program, { kind: 'write', state: state.map(toPlain) })),
    dispose: async () => {
      await mine.ask(program, { kind: 'dispose' }).catch(() => undefined)
      leave(mine)
    },
  }
}
