import { SpecError } from '@grad-ts/optim'
import type { GradientTransformation } from '@grad-ts/optim'
import type { SolverSpec } from './options.ts'

/**
 * Makes the solver of a spec; the decoder is loaded only then.
 *
 * @param setting where the spec stands, for messages
 * @throws {SpecError} with the path, what was expected and what came
 */
export const solverOf = async (setting: string, solver: GradientTransformation | SolverSpec): Promise<GradientTransformation> => {
  if (typeof (solver as SolverSpec)['update'] === 'function') return solver as GradientTransformation
  const { decodeOrThrow } = await import('@grad-ts/optim/specs')
  try {
    return decodeOrThrow(solver)
  } catch (error) {
    if (!(error instanceof SpecError)) throw error
    throw new SpecError(error.path === 'spec' ? setting : `${setting}.${error.path}`, error.expected, error.received)
  }
}
