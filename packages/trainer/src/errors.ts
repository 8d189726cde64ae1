import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { WriteError } from '@grad-ts/files'
import type { CompileError, RunError } from '@grad-ts/onnxruntime'
import type { OptimError } from '@grad-ts/optim'
import type { DTypeError, ShapeError } from '@grad-ts/tensor'
import { attempt, hasTag } from './internal/edge.ts'
import { Tagged } from './internal/tagged.ts'

/** A data file is missing, cannot be read or does not hold what its format promises. */
export class DataError extends Tagged('DataError') {
  /** The file, or a name for data that came from elsewhere. */
  readonly path: string

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`${path}: ${reason}`, options)
    this.path = path
  }
}

/** The settings of a run contradict each other or are out of range. */
export class SettingsError extends Tagged('SettingsError') {
  /** Which setting, as `validation.everySteps`. */
  readonly path: string

  constructor(path: string, expected: string, received: string) {
    super(`${path}: expected ${expected}, got ${received}`)
    this.path = path
  }
}

/** The loss, or a parameter, became NaN or infinite. */
export class NonFiniteError extends Tagged('NonFiniteError') {
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
export class InterruptedError extends Tagged('InterruptedError') {
  /** Updates done before the stop. */
  readonly step: number
  readonly signal: string
  /** What a shell expects of a program that this signal ended. */
  readonly exitCode: number

  /** @param isSaved whether a checkpoint was written first */
  constructor(signal: string, step: number, exitCode: number, isSaved: boolean) {
    const advice = isSaved
      ? "it is saved: start it again with resume: 'latest' to go on"
      : 'to save runs first, give them a setting `checkpoint`'
    super(`stopped by ${signal} after step ${step}; ${advice}`)
    this.signal = signal
    this.step = step
    this.exitCode = exitCode
  }
}

/** Why a checkpoint cannot be used. */
export type CheckpointFault = 'damaged' | 'foreign' | 'version' | 'model' | 'settings' | 'occupied' | 'missing'

/** A checkpoint cannot be used. */
export class CheckpointError extends Tagged('CheckpointError') {
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
  occupied: "go on from it with resume: 'latest', delete it with overwrite: true, or give this run another folder",
  missing: "check the folder, or take 'latest'",
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

// By name, so that nothing is loaded only to be compared with; a missing row does not compile.
const known: Readonly<Record<TrainError['tag'], true>> = {
  DataError: true,
  SettingsError: true,
  NonFiniteError: true,
  NonFiniteRunError: true,
  InterruptedError: true,
  WriteError: true,
  CheckpointError: true,
  ShapeError: true,
  DTypeError: true,
  SpecError: true,
  ContextError: true,
  AbortedError: true,
  ArgumentError: true,
  DeviceUnavailableError: true,
  DisposedError: true,
  ExecutionError: true,
  MemoryBudgetError: true,
  MissingRuntimeError: true,
  PrecisionUnavailableError: true,
  SessionError: true,
  UnknownDeviceError: true,
  WorkerError: true,
}

/** Tells errors that a run answers with from defects of the program. */
export const isTrainError = hasTag<TrainError>(...(Object.keys(known) as TrainError['tag'][]))

/** Makes a task of an async function: what a run can answer with becomes a value, a defect of the program is thrown on. */
export const asTrainTask = <Value>(run: () => Promise<Value>): TaskEither<TrainError, Value> => attempt(isTrainError, run)
