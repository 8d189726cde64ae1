import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** Runs a task and throws its error: the body of every `…OrThrow`. */
export const orThrow = async <Failure, Value>(task: TaskEither<Failure, Value>): Promise<Value> => valueOrThrow(await task())

export const valueOrThrow = <Failure, Value>(result: E.Either<Failure, Value>): Value => {
  if (E.isLeft(result)) throw result.left
  return result.right
}

type ErrorClass<Failure> = new (...args: never[]) => Failure

/** Makes a task of an async function: errors of the named classes become values, anything else is a defect and is thrown on. */
export const attempt =
  <Failure, Value>(classes: readonly ErrorClass<Failure>[], run: () => Promise<Value>): TaskEither<Failure, Value> =>
  async () => {
    try {
      return E.right(await run())
    } catch (error) {
      if (classes.some((known) => error instanceof known)) return E.left(error as Failure)
      throw error
    }
  }
