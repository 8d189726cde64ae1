import * as TE from 'fp-ts/lib/TaskEither.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** Makes a failing promise a value. What is not one of the package's tagged errors is a defect and stays a rejection. */
export const taskOf =
  <E extends Error & { readonly tag: string }, A>(run: () => Promise<A>): TaskEither<E, A> =>
  async () => {
    try {
      return await TE.right<E, A>(await run())()
    } catch (error) {
      if (error instanceof Error && 'tag' in error) return TE.left<E, A>(error as E)()
      throw error
    }
  }
