/** Values of one epoch, over all its examples. */
export interface EpochRecord {
  /** Counts from 1. */
  readonly epoch: number
  /** Updates done when it ended. */
  readonly step: number
  /** The mean loss over the examples of the epoch, as they were met. */
  readonly loss: number
  readonly metrics: Readonly<Record<string, number>>
  /** Loss and metrics on the validation data, where there are any. */
  readonly validation?: Evaluation
  /** The learning rate of the last update, where the solver has one. */
  readonly learningRate?: number
  readonly seconds: number
  readonly examples: number
}

/** Loss and metrics over a whole data set. */
export interface Evaluation {
  readonly loss: number
  readonly metrics: Readonly<Record<string, number>>
}

/** Why a run ended. */
export type StopReason =
  | { readonly tag: 'finished' }
  | { readonly tag: 'earlyStopping'; readonly monitor: string; readonly best: number; readonly bestEpoch: number }
  | { readonly tag: 'asked'; readonly by: string }

/** What happens in a run, in order. */
export type TrainEvent =
  | {
      readonly tag: 'started'
      /** 0 for a new run, the step of the checkpoint for a resumed one. */
      readonly step: number
      readonly epochs: number | undefined
      readonly stepsPerEpoch: number | undefined
      /** Number of trained scalars. */
      readonly parameters: number
    }
  | {
      readonly tag: 'step'
      /** Counts updates from 1. */
      readonly step: number
      readonly epoch: number
      /** Position in the epoch, from 1. */
      readonly batch: number
      readonly examples: number
      /** The mean loss of the batch, before the update. */
      readonly loss: number
      /** The update was left out because loss or gradients were not finite; the loss is NaN where it was not finite itself. */
      readonly skipped?: true
      readonly learningRate?: number
      /** The factor of the loss in this update, when the loss is scaled. */
      readonly lossScale?: number
      /** The global norm of the gradients, and ‖update‖ / ‖parameters‖, when monitoring is on. */
      readonly gradientNorm?: number
      readonly updateRatio?: number
    }
  | { readonly tag: 'learningRateChanged'; readonly step: number; readonly from: number; readonly to: number; readonly reason: string }
  | ({ readonly tag: 'evaluation'; readonly step: number; readonly epoch: number } & Evaluation)
  | { readonly tag: 'epoch'; readonly record: EpochRecord }
  | { readonly tag: 'checkpoint'; readonly step: number; readonly path: string }
  | { readonly tag: 'stopped'; readonly step: number; readonly reason: StopReason }
  /** The last event of a run that ends with an error; only observers see it, the run itself then fails. */
  | { readonly tag: 'failed'; readonly step: number; readonly message: string }

export type EventOf<Tag extends TrainEvent['tag']> = Extract<TrainEvent, { readonly tag: Tag }>

/** What a run went through: enough for curves and reports. It is plain JSON. */
export interface History {
  readonly epochs: readonly EpochRecord[]
  /** One entry per update. */
  readonly steps: {
    readonly loss: readonly number[]
    /** Empty when the solver has no learning rate to read. */
    readonly learningRate: readonly number[]
    /** Empty when the loss is not scaled. */
    readonly lossScale: readonly number[]
    readonly gradientNorm: readonly number[]
    readonly updateRatio: readonly number[]
  }
}
