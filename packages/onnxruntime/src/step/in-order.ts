import type { KeepingExecutor } from './keeping.ts'

/** Lets each call end before the next one starts: a step must find the state that the step before it left, awaited or not. */
export const inOrder = (executor: KeepingExecutor): KeepingExecutor => {
  let last: Promise<unknown> = Promise.resolve()
  const queued =
    <Args extends readonly unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> => {
      const result = last.then(() => work(...args))
      last = result.catch(() => undefined)
      return result
    }
  return {
    run: queued(executor.run),
    read: queued(executor.read),
    write: queued(executor.write),
    latest: queued(executor.latest),
    dispose: queued(executor.dispose),
  }
}
