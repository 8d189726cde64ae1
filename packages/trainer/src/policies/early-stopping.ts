import type { EpochRecord, TrainEvent } from '../training/events.ts'
import { isBetter, modeOf, monitored, needOf } from './monitor.ts'
import type { Monitor, NeedOf } from './monitor.ts'
import { policy } from './policy.ts'
import type { Action, Needs, Policy } from './policy.ts'

export interface EarlyStoppingOptions<M extends Monitor> {
  readonly monitor: M
  /** Default: `min` for losses, `max` for metrics. */
  readonly mode?: 'min' | 'max'
  /** Epochs without improvement that are borne; the next one stops the run (default 3). */
  readonly patience?: number
  /** What counts as an improvement: more than this (default 0). */
  readonly minDelta?: number
  /** Puts the parameters of the best epoch back when the run ends, however it ends (default true). */
  readonly restoreBest?: boolean
}

type Memory = { readonly best: number | null; readonly bestEpoch: number; readonly waited: number }

const start: Memory = { best: null, bestEpoch: 0, waited: 0 }

/**
 * Stops when a value no longer improves.
 *
 * @example
 * import { earlyStopping } from '@grad-ts/trainer'
 * earlyStopping({ monitor: 'validation.loss', patience: 5 }).needs // => 'validation'
 */
export const earlyStopping = <const M extends Monitor>(options: EarlyStoppingOptions<M>): Policy<NeedOf<M>> => {
  const { monitor, mode = modeOf(monitor), patience = 3, minDelta = 0, restoreBest = true } = options
  const atEpoch = (memory: Memory, record: EpochRecord): { readonly memory: Memory; readonly actions: readonly Action[] } => {
    const value = monitored(record, monitor)
    if (value === undefined) return { memory, actions: [] }
    if (isBetter(value, memory.best, mode, minDelta))
      return { memory: { best: value, bestEpoch: record.epoch, waited: 0 }, actions: restoreBest ? [{ tag: 'keepBest' }] : [] }
    const next = { ...memory, waited: memory.waited + 1 }
    if (next.waited <= patience) return { memory: next, actions: [] }
    return {
      memory: next,
      actions: [{ tag: 'stop', reason: { tag: 'earlyStopping', monitor, best: memory.best ?? NaN, bestEpoch: memory.bestEpoch } }],
    }
  }
  return policy<Memory, Needs>({
    name: 'earlyStopping',
    needs: needOf(monitor),
    monitor,
    start,
    react: (memory, event: TrainEvent) => {
      if (event.tag === 'epoch') return atEpoch(memory, event.record)
      if (event.tag === 'stopped' && restoreBest) return { memory, actions: [{ tag: 'restoreBest' }] }
      return { memory, actions: [] }
    },
  }) as Policy<NeedOf<M>>
}
