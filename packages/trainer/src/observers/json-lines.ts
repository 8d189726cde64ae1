import type { TrainEvent } from '../training/events.ts'
import { lineFile } from './line-file.ts'

const stepOf = (line: string): number => {
  try {
    const event = JSON.parse(line) as TrainEvent
    return event.tag === 'epoch' ? event.record.step : event.step
  } catch {
    return Infinity
  }
}

/**
 * Makes an observer that writes every event as one line of JSON. A resumed run goes on where its checkpoint was: later lines are dropped.
 *
 * @param path where; folders are made
 * @param options.steps also writes an event per update (default false)
 */
export const jsonLines = (path: string, { steps = false }: { readonly steps?: boolean } = {}): ((event: TrainEvent) => Promise<void>) => {
  const file = lineFile(path)
  return async (event) => {
    if (event.tag === 'started') {
      if (event.step === 0) await file.begin([])
      else await file.replace((await file.lines()).filter((line) => stepOf(line) <= event.step))
    }
    if (event.tag !== 'step' || steps) await file.add(JSON.stringify(event))
  }
}
