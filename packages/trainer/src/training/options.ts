import type { Tree } from '@grad-ts/tree'
import type { Tensor } from '@grad-ts/tensor'
import type { DynamicLossScaleOptions, GradientTransformation } from '@grad-ts/optim'
import type { CheckpointOptions } from '../checkpoints/options.ts'
import type { Dataset, Example } from '../data/dataset.ts'
import type { Needs, Policy } from '../policies/policy.ts'
import type { TrainEvent } from './events.ts'
import type { ExecutorOptions } from './executor.ts'
import type { GradientCheckpointing } from './gradient-checkpointing.ts'
import type { ParameterGroup } from './parameter-groups.ts'

/** How long to train: passes over the data, or updates. */
export type Duration = { readonly epochs: number; readonly steps?: undefined } | { readonly steps: number; readonly epochs?: undefined }

/** What reads results of a run: what it may need is limited by what there is. */
interface Readers<Need extends Needs> {
  readonly policies?: readonly Policy<Need>[]
  /** Saves the run, so that it can go on after whatever ended it. */
  readonly checkpoint?: CheckpointOptions<Need>
}

/** Data that the run is measured on. */
export interface ValidationOptions<E extends Example> {
  readonly data: Dataset<E>
  /** Evaluates after every n-th epoch (default 1). */
  readonly everyEpochs?: number
  /** Rows of a batch (default: as in training). */
  readonly batchSize?: number
}

/** Validation data, and what reads its results; without data such readers do not type-check. */
export type Validated<E extends Example> =
  | ({ readonly validation: ValidationOptions<E> } & Readers<Needs>)
  | ({ readonly validation?: undefined } & Readers<'nothing'>)

/** A transformation as JSON, from a file or a request; see `@grad-ts/optim/specs`. It is checked when the run begins. */
export type SolverSpec = Readonly<Record<string, unknown>>

/** Settings of one update: `fit` and training sessions share them. */
export interface UpdateOptions<Params extends Tree<Tensor>> {
  /** The rule of the updates, or its JSON spec such as `{ adam: { learningRate: 0.001 } }`. */
  readonly solver: GradientTransformation | SolverSpec
  /** Seed of everything random in the run: parameters, order, dropout (default 0). */
  readonly seed?: number
  /** A scalar that is added to the mean loss, such as an L2 penalty. The reported loss is without it. */
  readonly penalty?: (params: Params) => Tensor
  /** Parameters that stay as they are: paths, with `*` for any part, or a test of paths. */
  readonly freeze?: readonly string[] | ((path: string) => boolean)
  /** Parameters with a learning rate or a solver of their own; the first group that fits a parameter counts. */
  readonly groups?: readonly ParameterGroup[]
  /** Keeps a moving average of the parameters, which validation uses and the result holds. */
  readonly average?: { readonly decay: number }
  /**
   * Saves memory by computing results of the forward pass again in the backward pass (default false). The numbers stay the same.
   * `{ budget }` names the bytes that an update may take beside parameters, solver state and batch. Devices only: the interpreter keeps
   * little anyway.
   */
  readonly gradientCheckpointing?: GradientCheckpointing
  /** Measures gradient norm and update-to-parameter ratio at every step (default false). */
  readonly monitor?: boolean
  /**
   * What an update whose loss or gradients are NaN or infinite does: `fail` (default) ends the run with a `NonFiniteError`,
   * `skip` leaves the update out; ten in a row end the run all the same. In mixed precision updates that overflow are always left out, and
   * fifty in a row end the run.
   */
  readonly onNonFinite?: 'fail' | 'skip'
}

/**
 * How products are computed. In mixed precision the loss is scaled, so that small gradients stay in the range of float16: dynamically, or
 * by a number. Dynamic scaling lives on updates that overflow and are left out, so that they cannot be failures at the same time.
 */
export type Precise =
  | { readonly precision?: 'float32'; readonly lossScale?: undefined }
  | {
      readonly precision: 'mixed'
      /** How the scale is found: see `dynamicLossScale` (default: as there). A solver that scales the loss by itself is left as it is. */
      readonly lossScale?: DynamicLossScaleOptions
      readonly onNonFinite?: 'skip'
    }
  | { readonly precision: 'mixed'; readonly lossScale: number }

/** Settings that every kind of task shares. */
export interface CommonOptions<E extends Example, Params extends Tree<Tensor>> extends ExecutorOptions, UpdateOptions<Params> {
  readonly data: Dataset<E>
  /** Examples per batch (default 32). */
  readonly batchSize?: number
  /** Draws a new order for every epoch (default true). */
  readonly shuffle?: boolean
  /** Examples of a stream among which the next one is drawn (default 10,000). */
  readonly shuffleBuffer?: number
  /** Batches per update (default 1). Gradients are averaged with the true weights of their examples. */
  readonly accumulate?: number
  /** Updates per run of the compiled program (default: by the size of the model and the device). */
  readonly stepsPerRun?: number
  /** Called with every event, in order; a promise is waited for. */
  readonly observers?: readonly ((event: TrainEvent) => void | Promise<void>)[]
  /** Stops the run when it aborts: `fit` then answers with an `InterruptedError`. */
  readonly signal?: AbortSignal
}

export type CommonSettings<E extends Example, Params extends Tree<Tensor>> = CommonOptions<E, Params> & Duration & Validated<E> & Precise
