import type { EpochRecord, TrainEvent } from '../training/events.ts'
import { isBetter, modeOf, monitored, needOf } from './monitor.ts'
import type { Monitor, NeedOf } from './monitor.ts'
import { policy } from './policy.ts'
import type { Action, Needs, Policy } from './policy.ts'

interface Watch<M extends Monitor> {
  readonly monitor: M
  /** Default: `min` for losses, `max` for metrics. */
  readonly mode?: 'min' | 'max'
  /** Epochs without improvement that are borne; at the next one the rule acts (default 3). */
  readonly patience?: number
  /** What counts as an improvement: more than this (default 0). */
  readonly minDelta?: number
}

export interface ReduceOnPlateauOptions<M extends Monitor> extends Watch<M> {
  /** The learning rate is multiplied by this, between 0 and 1 (default 0.1). */
  readonly factor?: number
  /** The smallest product of the factors (default 0). */
  readonly minScale?: number
}

type Waiting = { readonly best: number | null; readonly waited: number }

/** Counts epochs since the last improvement; tells when patience is at its end, and counts from 0 again. */
const wait = (
  memory: Waiting,
  value: number,
  mode: 'min' | 'max',
  patience: number,
  minDelta: number,
): { readonly next: Waiting; readonly isOver: boolean } => {
  if (isBetter(value, memory.best, mode, minDelta)) return { next: { best: value, waited: 0 }, isOver: false }
  const waited = memory.waited + 1
  return waited > patience ? { next: { ...memory, waited: 0 }, isOver: true } : { next: { ...memory, waited }, isOver: false }
}

type Reaction<Memory> = { readonly memory: Memory; readonly actions: readonly Action[] }

const atEpochs =
  <Memory>(react: (memory: Memory, record: EpochRecord) => Reaction<Memory>) =>
  (memory: Memory, event: TrainEvent): Reaction<Memory> =>
    event.tag === 'epoch' ? react(memory, event.record) : { memory, actions: [] }

/**
 * Lowers the learning rate by a factor whenever a value stops improving: decay by average loss.
 */
export const reduceOnPlateau = <const M extends Monitor>(options: ReduceOnPlateauOptions<M>): Policy<NeedOf<M>> => {
  const { monitor, mode = modeOf(monitor), patience = 3, minDelta = 0, factor = 0.1, minScale = 0 } = options
  return policy<Waiting & { readonly scale: number }, Needs>({
    name: 'reduceOnPlateau',
    needs: needOf(monitor),
    monitor,
    start: { best: null, waited: 0, scale: 1 },
    react: atEpochs((memory, record) => {
      const value = monitored(record, monitor)
      if (value === undefined) return { memory, actions: [] }
      const { next, isOver } = wait(memory, value, mode, patience, minDelta)
      const scale = isOver ? Math.max(memory.scale * factor, minScale) : memory.scale
      const reason = `${monitor} did not improve for ${patience + 1} epochs`
      return { memory: { ...next, scale }, actions: scale === memory.scale ? [] : [{ tag: 'scaleUpdates', scale, reason }] }
    }),
  }) as Policy<NeedOf<M>>
}

export interface ResetOnSaturationOptions<M extends Monitor> extends Watch<M> {
  /** Whether the solver's moments go on (default) or start from zero too. */
  readonly moments?: 'keep' | 'reset'
  /** Whether training goes on from where it is (default) or from the best parameters so far. */
  readonly params?: 'keep' | 'best'
  /** How many times at most (default: no bound). */
  readonly times?: number
}

/**
 * Puts the learning rate back to the start of its schedule when progress saturates, which can carry training out of a flat region.
 * The counts that schedules read start at 0 again.
 */
export const resetOnSaturation = <const M extends Monitor>(options: ResetOnSaturationOptions<M>): Policy<NeedOf<M>> => {
  const { monitor, mode = modeOf(monitor), patience = 3, minDelta = 0, moments = 'keep', params = 'keep', times = Infinity } = options
  const reason = `${monitor} did not improve for ${patience + 1} epochs`
  const reset: readonly Action[] = [
    ...(params === 'best' ? [{ tag: 'restoreBest' } as const] : []),
    { tag: 'restartSolver', keep: moments === 'keep' ? 'moments' : 'nothing', reason },
  ]
  return policy<Waiting & { readonly done: number }, Needs>({
    name: 'resetOnSaturation',
    needs: needOf(monitor),
    monitor,
    start: { best: null, waited: 0, done: 0 },
    react: atEpochs((memory, record) => {
      const value = monitored(record, monitor)
      if (value === undefined || memory.done >= times) return { memory, actions: [] }
      const { next, isOver } = wait(memory, value, mode, patience, minDelta)
      const improved = next.best !== memory.best && params === 'best'
      const actions: readonly Action[] = isOver ? reset : improved ? [{ tag: 'keepBest' }] : []
      return { memory: { ...next, done: memory.done + (isOver ? 1 : 0) }, actions }
    }),
  }) as Policy<NeedOf<M>>
}
