/** Where and when a run saves itself, and whether it goes on from what is there. */
export interface CheckpointOptions {
  readonly folder: string
  /** Saves after every n-th update, at the next end of a run of the program. */
  readonly everySteps?: number
  /** Saves after every n-th epoch (default 1 when no other cadence is given). */
  readonly everyEpochs?: number
  readonly everyMinutes?: number
  /** How many to keep, the newest (default 2). */
  readonly keep?: number
  /**
   * `never` (default) starts anew. `latest` goes on from the newest checkpoint, or starts anew when there is none; a damaged one is an error.
   * `lastGood` passes over damaged ones.
   */
  readonly resume?: 'never' | 'latest' | 'lastGood'
}
