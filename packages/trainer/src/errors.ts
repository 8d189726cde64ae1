import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { DTypeError, ShapeError } from '@grad-ts/tensor'
import { WriteError } from '@grad-ts/files'
import { ContextError, SpecError } from '@grad-ts/optim'
import type { OptimError } from '@grad-ts/optim'
import {
  AbortedError,
  ArgumentError,
  DeviceUnavailableError,
  DisposedError,
  ExecutionError,
  MissingRuntimeError,
  SessionError,
  UnknownDeviceError,
  WorkerError,
} from '@grad-ts/onnxruntime'
import type { CompileError, RunError } from '@grad-ts/onnxruntime'

/** A data file is missing, cannot be read or does not hold what its format promises. */
export class DataError extends Error {
  readonly tag = 'DataError'
  override readonly name = 'DataError'
  /** The file, or a name for data that came from elsewhere. */
  readonly path: string

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`${path}: ${reason}`, options)
    this.path = path
  }
}

/** The settings of a run contradict each other or are out of range. */
export class SettingsError extends Error {
  readonly tag = 'SettingsError'
  override readonly name = 'SettingsError'
  /** Which setting, as `validation.everySteps`. */
  readonly path: string

  constructor(path: string, expected: string, received: string) {
    super(`${path}: expected ${expected}, got ${received}`)
    this.path = path
  }
}

/** The loss, or a parameter, became NaN or infinite. */
export class NonFiniteError extends Error {
  readonly tag = 'NonFiniteError'
  override readonly name = 'NonFiniteError'
  /** Counts updates from 1. */
  readonly step: number
  readonly loss: number
  /** Paths of the parameters that hold a value that is not finite after this step. */
  readonly parameters: readonly string[]

  constructor(step: number, loss: number, parameters: readonly string[]) {
    const where = parameters.length === 0 ? 'all parameters are still finite' : `not finite: ${parameters.join(', ')}`
    super(
      `the loss is ${loss} at step ${step} (${where}); try a lower learning rate, clipByGlobalNorm before the optimizer, or check the data for NaN`,
    )
    this.step = step
    this.loss = loss
    this.parameters = parameters
  }
}

/** The run was stopped from outside, by a signal or by the caller. */
export class InterruptedError extends Error {
  readonly tag = 'InterruptedError'
  override readonly name = 'InterruptedError'
  /** Updates done before the stop. */
  readonly step: number
  readonly signal: string
  /** What a shell expects of a program that this signal ended. */
  readonly exitCode: number

  constructor(signal: string, step: number, exitCode: number) {
    super(`stopped by ${signal} after step ${step}; nothing was left half-written`)
    this.signal = signal
    this.step = step
    this.exitCode = exitCode
  }
}

/** Why a checkpoint cannot be used. */
export type CheckpointFault = 'damaged' | 'foreign' | 'version' | 'model' | 'settings'

/** A checkpoint cannot be used. */
export class CheckpointError extends Error {
  readonly tag = 'CheckpointError'
  override readonly name = 'CheckpointError'
  readonly path: string
  readonly reason: CheckpointFault

  constructor(path: string, reason: CheckpointFault, detail: string) {
    super(`${path}: ${detail}; ${advice[reason]}`)
    this.path = path
    this.reason = reason
  }
}

const advice: Readonly<Record<CheckpointFault, string>> = {
  damaged: "resume with 'lastGood' to go on from the one before",
  foreign: 'give checkpoints a folder of their own',
  version: 'read it with the version that wrote it',
  model: 'it belongs to another model or solver; give this run another folder',
  settings: 'set it back, or give this run another folder',
}

/** Everything that can go wrong in a run. */
export type TrainError =
  | DataError
  | SettingsError
  | NonFiniteError
  | InterruptedError
  | WriteError
  | CheckpointError
  | ShapeError
  | DTypeError
  | OptimError
  | CompileError
  | RunError

const known = [
  DataError,
  SettingsError,
  NonFiniteError,
  InterruptedError,
  WriteError,
  CheckpointError,
  ShapeError,
  DTypeError,
  SpecError,
  ContextError,
  AbortedError,
  ArgumentError,
  DeviceUnavailableError,
  DisposedError,
  ExecutionError,
  MissingRuntimeError,
  SessionError,
  UnknownDeviceError,
  WorkerError,
]

/** Tells errors that a run answers with from defects of the program. */
export const isTrainError = (error: unknown): error is TrainError => known.some((kind) => error instanceof kind)

/** Makes a task of an async function: what a run can answer with becomes a value, a defect of the program is thrown on. */
export const asTrainTask =
  <Value>(run: () => Promise<Value>): TaskEither<TrainError, Value> =>
  async () => {
    try {
      return E.right(await run())
    } catch (error) {
      if (isTrainError(error)) return E.left(error)
      throw error
    }
  }
