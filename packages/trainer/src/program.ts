import { InterruptedError, isTrainError } from './errors.ts'
import { abortOnSignals } from './training/interruption.ts'

const messageOf = (error: unknown): string => {
  if (isTrainError(error)) return `${error.name}: ${error.message}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/**
 * Runs the main function of a training program: SIGINT and SIGTERM stop it cleanly (exit code 130 or 143),
 * an error is printed in one line and gives exit code 1.
 *
 * @param main gets the signal to hand to `fit`
 */
export const runProgram = async (main: (signal: AbortSignal) => Promise<void>): Promise<void> => {
  const { signal, dispose } = abortOnSignals()
  try {
    await main(signal)
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`)
    process.exitCode = error instanceof InterruptedError ? error.exitCode : 1
  } finally {
    dispose()
  }
}
