import { isBetter, modeOf, monitored } from '../policies/monitor.ts'
import type { EpochRecord } from '../training/events.ts'
import type { CheckpointOptions } from './options.ts'

/** The epoch with the best value so far. */
export interface Best {
  readonly step: number
  readonly value: number
}

/** Takes an epoch in: the best of those so far. */
export const betterOf = (keepBest: CheckpointOptions['keepBest'], best: Best | undefined, record: EpochRecord): Best | undefined => {
  if (keepBest === undefined) return best
  const { monitor, mode = modeOf(monitor) } = keepBest
  const value = monitored(record, monitor)
  return value !== undefined && isBetter(value, best?.value ?? null, mode) ? { step: record.step, value } : best
}
