import { constants } from 'node:os'

/** The name of the signal that aborted, or what else the caller gave as reason. */
export const reasonOf = ({ reason }: AbortSignal): string => {
  if (typeof reason === 'string') return reason
  return reason instanceof Error ? reason.message : 'the caller'
}

/** 128 + the number of the signal, as shells expect; 1 for anything else. */
export const exitCodeOf = (reason: string): number => {
  const number = (constants.signals as Readonly<Record<string, number>>)[reason]
  return number === undefined ? 1 : 128 + number
}

/**
 * Makes an abort signal of the process signals SIGINT and SIGTERM, so that a run stops between two updates.
 * A second signal ends the process at once.
 *
 * @returns the signal for `fit`, and a function that takes the handlers away again
 */
export const abortOnSignals = (): { readonly signal: AbortSignal; readonly dispose: () => void } => {
  const controller = new AbortController()
  const stop = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(exitCodeOf(name))
    controller.abort(name)
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return {
    signal: controller.signal,
    dispose: () => {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
    },
  }
}
