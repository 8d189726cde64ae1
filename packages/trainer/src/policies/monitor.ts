import type { EpochRecord } from '../training/events.ts'

/** A value of an epoch: a loss or a metric, of the training or the validation data. */
export type Monitor = 'loss' | 'validation.loss' | `metrics.${string}` | `validation.metrics.${string}`

/** Monitors of what is measured without validation data. */
export type TrainingMonitor = Exclude<Monitor, `validation.${string}`>

/** What a monitor has to be given. */
export type NeedOf<M extends Monitor> = M extends `validation.${string}` ? 'validation' : 'nothing'

/** Reads a monitored value; nothing where the epoch has none, as in epochs without an evaluation. */
export const monitored = (record: EpochRecord, monitor: Monitor): number | undefined => {
  if (monitor === 'loss') return record.loss
  if (monitor === 'validation.loss') return record.validation?.loss
  const [, part, name] = /^(validation\.)?metrics\.(.*)$/.exec(monitor) as unknown as readonly [string, string | undefined, string]
  return (part === undefined ? record.metrics : record.validation?.metrics)?.[name]
}

export const needOf = <M extends Monitor>(monitor: M): NeedOf<M> =>
  (monitor.startsWith('validation.') ? 'validation' : 'nothing') as NeedOf<M>

/** Whether small or large values are good, unless the user says it: small losses, large metrics. */
export const modeOf = (monitor: Monitor): 'min' | 'max' => (monitor.endsWith('loss') ? 'min' : 'max')

/** Whether a value is better than the best one by more than the margin. */
export const isBetter = (value: number, best: number | null, mode: 'min' | 'max', margin = 0): boolean => {
  if (Number.isNaN(value)) return false
  if (best === null) return true
  return mode === 'min' ? value < best - margin : value > best + margin
}
