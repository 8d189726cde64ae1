import type { Monitor, TrainingMonitor } from '../policies/monitor.ts'
import type { Needs } from '../policies/policy.ts'

/** What becomes of checkpoints that the folder holds already. With neither of these a run refuses to begin there. */
export type Existing =
  | {
      /**
       * `latest` goes on from the newest checkpoint, or begins anew when there is none; a damaged one is an error.
       * `lastGood` passes over damaged ones, which are set aside under the ending `.damaged`.
       */
      readonly resume?: 'latest' | 'lastGood'
      readonly overwrite?: false
    }
  /** Begins anew and deletes them. */
  | { readonly overwrite: true; readonly resume?: undefined }

/** Where and when a run saves itself, and whether it goes on from what is there. */
export type CheckpointOptions<Need extends Needs = Needs> = {
  readonly folder: string
  /** Saves after every n-th update, at the next end of a run of the program. */
  readonly everySteps?: number
  /** Saves after every n-th epoch (default 1 when no other cadence is given). */
  readonly everyEpochs?: number
  readonly everyMinutes?: number
  /** How many to keep, the newest (default 2). */
  readonly keep?: number
  /** Saves after every epoch that is the best so far, and keeps that one too. */
  readonly keepBest?: {
    readonly monitor: Need extends 'validation' ? Monitor : TrainingMonitor
    /** Default: `min` for losses, `max` for metrics. */
    readonly mode?: 'min' | 'max'
  }
} & Existing
