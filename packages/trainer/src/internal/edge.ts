import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** Runs a task and throws its error: the body of every `…OrThrow`. */
export const orThrow = async <Failure, Value>(task: TaskEither<Failure, Value>): Promise<Value> => valueOrThrow(await task())

export const valueOrThrow = <Failure, Value>(result: E.Either<Failure, Value>): Value => {
  if (E.isLeft(result)) throw result.left
  return result.right
}

/** Makes a test for errors with these tags. Names are compared, so that nothing is loaded only to be compared with. */
export const hasTag =
  <Failure extends { readonly tag: string }>(...tags: readonly Failure['tag'][]) =>
  (error: unknown): error is Failure =>
    error instanceof Error && 'tag' in error && tags.includes(error.tag as Failure['tag'])

/** Makes a task of an async function: the errors that a test accepts become values, anything else is a defect and is thrown on. */
export const attempt =
  <Failure, Value>(isKnown: (error: unknown) => error is Failure, run: () => Promise<Value>): TaskEither<Failure, Value> =>
  async () => {
    try {
      return E.right(await run())
    } catch (error) {
      if (isKnown(error)) return E.left(error)
      throw error
    }
  }
