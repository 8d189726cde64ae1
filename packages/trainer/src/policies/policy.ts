import type { StopReason, TrainEvent } from '../training/events.ts'
import type { Monitor } from './monitor.ts'

/** What JSON can hold: the memory of a policy, so that a resumed run goes on with it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** What a policy may ask of the run. */
export type Action =
  | { readonly tag: 'stop'; readonly reason: StopReason }
  /** Keeps the present parameters as the best ones. */
  | { readonly tag: 'keepBest' }
  /** Puts the kept parameters back. */
  | { readonly tag: 'restoreBest' }
  /** Multiplies the solver's updates from now on by this factor (1: as the schedule says). */
  | { readonly tag: 'scaleUpdates'; readonly scale: number; readonly reason: string }
  /** Starts the solver's state anew: moments, and the count that its schedules read. */
  | { readonly tag: 'restartSolver'; readonly keep: 'nothing' | 'moments'; readonly reason: string }

/** What a policy has to be given: some read the validation results. */
export type Needs = 'nothing' | 'validation'

/**
 * A rule that watches a run and acts on it: a pure function of its memory and the events, so that a resumed run decides alike.
 */
export interface Policy<Need extends Needs = Needs> {
  readonly name: string
  readonly needs: Need
  /** The value of an epoch that it watches, if any: a run that does not measure it is refused. */
  readonly monitor?: Monitor
  readonly start: Json
  readonly react: (memory: Json, event: TrainEvent) => { readonly memory: Json; readonly actions: readonly Action[] }
}

/** Makes a policy with a memory of a known type. */
export const policy = <Memory extends Json, Need extends Needs>(definition: {
  readonly name: string
  readonly needs: Need
  readonly monitor?: Monitor
  readonly start: Memory
  readonly react: (memory: Memory, event: TrainEvent) => { readonly memory: Memory; readonly actions: readonly Action[] }
}): Policy<Need> => ({ ...definition, react: (memory, event) => definition.react(memory as Memory, event) })
