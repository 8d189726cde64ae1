import type { MapLeaves, Tree } from '@grad-ts/tree'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Constant, Tensor } from '@grad-ts/tensor'
import type { Context, Layer } from '@grad-ts/nn'
import type { TrainError } from '../errors.ts'
import type { Evaluation } from './events.ts'
import type { ExecutorOptions } from './executor.ts'
import type { AnyMetric, LossFunction } from './objective.ts'
import type { Precise, UpdateOptions } from './options.ts'
import type { TrainState } from './step.ts'

/** Inputs and targets of a batch: every leaf has the batch in front. */
export interface SupervisedBatch<Inputs, Targets> {
  readonly x: Inputs
  readonly y: Targets
}

/** What one update reports. */
export interface BatchReport {
  /** Counts updates from 1. */
  readonly step: number
  /** The mean loss of the batch, before the update. */
  readonly loss: number
  readonly metrics: Readonly<Record<string, number>>
  /** The update was left out because loss or gradients were not finite; the loss is NaN where it was not finite itself. */
  readonly skipped?: true
  readonly learningRate?: number
  /** The factor of the loss in this update, when the loss is scaled. */
  readonly lossScale?: number
  /** With `monitor`: the global norm of the gradients, and ‖update‖ / ‖parameters‖. */
  readonly gradientNorm?: number
  readonly updateRatio?: number
}

/** An operation in its two forms: with the error as a value, and as a promise that rejects. */
type Twin<Name extends string, Args extends readonly unknown[], Value> = {
  readonly [Key in Name]: (...args: Args) => TaskEither<TrainError, Value>
} & { readonly [Key in `${Name}OrThrow`]: (...args: Args) => Promise<Value> }

/**
 * Training one batch at a time, for loops of your own. Calls are done in turn, awaited or not; each shape of batch has a program,
 * compiled when first needed.
 */
export type TrainingSession<Batch, Params, State> = AsyncDisposable &
  /** Does one update. */
  Twin<'trainOnBatch', [examples: Batch], BatchReport> &
  /** Does one update per batch, those of one shape in a single run of the program. */
  Twin<'trainOnBatches', [batches: readonly Batch[]], readonly BatchReport[]> &
  /** Measures a batch with the present parameters: their moving average where one is kept. */
  Twin<'testOnBatch', [examples: Batch], Evaluation> &
  /** Reads parameters, solver state, counts and keys as they are now. */
  Twin<'state', [], TrainState<Params, State>> &
  /** Replaces them; the next update goes on from there, to the bit. */
  Twin<'setState', [state: TrainState<Params, State>], void> &
  /** Multiplies the solver's learning rate from now on by this factor (1: as the schedule says). */
  Twin<'scaleLearningRate', [factor: number], void> &
  /** Writes the state as a safetensors file, whole or not at all. */
  Twin<'save', [path: string], void> &
  /** Reads such a file back. */
  Twin<'load', [path: string], void> & { readonly dispose: () => Promise<void> }

/** A training session of a model, which can also be used. */
export type ModelTrainingSession<Inputs, Targets, Params, State, Outputs> = TrainingSession<
  SupervisedBatch<Inputs, Targets>,
  Params,
  State
> &
  /** Computes the outputs of the model as in evaluation. */
  Twin<'predictOnBatch', [x: Inputs], MapLeaves<Outputs, Tensor, Constant>>

type SessionOptions<Params extends Tree<Tensor>> = UpdateOptions<Params> &
  ExecutorOptions &
  Precise & {
    /** Parts that a batch is computed in, one after the other, to save memory (default 1). The update is that of the whole batch. */
    readonly accumulate?: number
  }

/** A model with its loss, and how to update it. The settings mean what they mean in `fit`. */
export type ModelSessionSettings<
  Inputs extends Tree<Tensor>,
  Targets extends Tree<Tensor>,
  Params extends Tree<Tensor>,
  State extends Tree<Tensor>,
  Outputs,
> = SessionOptions<Params> & {
  readonly model: Layer<Params, State, Inputs, Outputs>
  readonly params?: Params
  readonly loss: LossFunction<Outputs, Targets>
  readonly metrics?: Readonly<Record<string, AnyMetric<Outputs, Targets>>>
  readonly weightedMetrics?: Readonly<Record<string, AnyMetric<Outputs, Targets>>>
  readonly weights?: (examples: SupervisedBatch<Inputs, Targets>) => Tensor
}

/** Parameters with a loss, and how to update them. */
export type LossSessionSettings<Batch extends Tree<Tensor>, Params extends Tree<Tensor>> = SessionOptions<Params> & {
  readonly params: Params
  readonly loss: (params: Params, examples: Batch, context: Context) => Tensor
  readonly weights?: (examples: Batch) => Tensor
}
