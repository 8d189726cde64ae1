import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** Runs a task and throws its error: the body of every `…OrThrow`. */
export const orThrow = async <Failure, Value>(task: TaskEither<Failure, Value>): Promise<Value> => {
  const result = await task()
  if (E.isLeft(result)) throw result.left
  return result.right
}

type ErrorClass = new (...args: never[]) => Error

/** Makes a task of an async function: errors of the named classes become values, anything else is a defect and is thrown on. */
export const attempt =
  <Class extends ErrorClass, Value>(classes: readonly Class[], run: () => Promise<Value>): TaskEither<InstanceType<Class>, Value> =>
  async () => {
    try {
      return E.right(await run())
    } catch (error) {
      if (classes.some((known) => error instanceof known)) return E.left(error as InstanceType<Class>)
      throw error
    }
  }
