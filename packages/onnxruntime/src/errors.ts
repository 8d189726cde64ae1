import type { DTypeError, ShapeError } from '@grad-ts/tensor'

/** A device of this name does not exist. */
export class UnknownDeviceError extends Error {
  readonly tag = 'UnknownDeviceError'
  override readonly name = 'UnknownDeviceError'
  readonly device: string

  constructor(device: string, known: readonly string[]) {
    super(`unknown device '${device}': expected one of ${known.map((name) => `'${name}'`).join(', ')}`)
    this.device = device
  }
}

/** A device exists but does not start here; the message says what is missing and how to get it. */
export class DeviceUnavailableError extends Error {
  readonly tag = 'DeviceUnavailableError'
  override readonly name = 'DeviceUnavailableError'
  readonly device: string
  readonly hint: string

  constructor(device: string, reason: string, hint: string, options?: ErrorOptions) {
    super(`device '${device}' does not start: ${reason}; ${hint}`, options)
    this.device = device
    this.hint = hint
  }
}

/** A device starts, but does not compute in the precision that was asked for. */
export class PrecisionUnavailableError extends Error {
  readonly tag = 'PrecisionUnavailableError'
  override readonly name = 'PrecisionUnavailableError'
  readonly device: string
  readonly hint: string

  constructor(device: string, reason: string, hint: string, options?: ErrorOptions) {
    super(`device '${device}' does not compute in float16: ${reason}; ${hint}`, options)
    this.device = device
    this.hint = hint
  }
}

/** The module `onnxruntime-node` cannot be loaded. */
export class MissingRuntimeError extends Error {
  readonly tag = 'MissingRuntimeError'
  override readonly name = 'MissingRuntimeError'

  constructor(cause: unknown) {
    super(`onnxruntime-node does not load (${reasonOf(cause)}); install it for this platform: npm install onnxruntime-node@1.29.0`, {
      cause,
    })
  }
}

/** The runtime refused to build a session for the compiled graph. */
export class SessionError extends Error {
  readonly tag = 'SessionError'
  override readonly name = 'SessionError'
  readonly device: string

  constructor(device: string, cause: unknown) {
    super(`the runtime could not build a session on '${device}': ${reasonOf(cause)}; write the graph with program.explain and report it`, {
      cause,
    })
    this.device = device
  }
}

/** A graph needs more memory than its budget, however much of it is computed again. */
export class MemoryBudgetError extends Error {
  readonly tag = 'MemoryBudgetError'
  override readonly name = 'MemoryBudgetError'
  /** Bytes that were allowed. */
  readonly budget: number
  /** Bytes with which it would do. */
  readonly least: number

  constructor(budget: number, least: number) {
    super(
      `memoryBudget: expected at least ${least} bytes, the least that this graph can do with, got ${budget}; raise it, or use smaller batches`,
    )
    this.budget = budget
    this.least = least
  }
}

/** A program was called with arguments of another structure, shape or dtype than it was compiled for. */
export class ArgumentError extends Error {
  readonly tag = 'ArgumentError'
  override readonly name = 'ArgumentError'
  readonly path: string

  constructor(what: string, path: string, expected: string, received: string) {
    super(
      `${what}${path === '' ? '' : ` at '${path}'`}: expected ${expected}, got ${received}; compile a program for these shapes, or pad the data to them`,
    )
    this.path = path
  }
}

/** A program was used after `dispose`. */
export class DisposedError extends Error {
  readonly tag = 'DisposedError'
  override readonly name = 'DisposedError'

  constructor() {
    super('expected a live program, got one that was disposed; compile it again')
  }
}

/** The runtime failed while it ran a graph, as when memory runs out or an index lies outside of its axis. */
export class ExecutionError extends Error {
  readonly tag = 'ExecutionError'
  override readonly name = 'ExecutionError'

  constructor(cause: unknown) {
    super(`the runtime failed while it ran the program: ${reasonOf(cause).trim()}${adviceOn(reasonOf(cause))}`, { cause })
  }
}

// What the runtime says when a gather meets an index that its axis does not have.
const badIndex = /out of range value in index|out of data bounds|invalid indice|index.*out of (range|bounds)/i

const adviceOn = (reason: string): string =>
  badIndex.test(reason)
    ? '; a class number, token or row number in the data is negative or not below the length of the axis it selects from'
    : ''

/** A run gave numbers that are not finite, where that was to be an error; the state is what it was before the run. */
export class NonFiniteRunError extends Error {
  readonly tag = 'NonFiniteRunError'
  override readonly name = 'NonFiniteRunError'
  readonly part: 'outputs' | 'state'
  /** Which step of the run it was first seen in, from 0; the new state is known for the last one only. */
  readonly step: number | undefined

  constructor(part: 'outputs' | 'state', step: number | undefined) {
    const where = part === 'state' ? 'in the new state' : `in the outputs of step ${step} of the run`
    super(
      `expected finite numbers, got NaN or infinities ${where}; the state is what it was before the run: ` +
        'look at this batch, lower the learning rate, or clip the gradients',
    )
    this.part = part
    this.step = step
  }
}

/** The thread that held the sessions ended; what its programs had learned since their state was last kept is lost. */
export class WorkerError extends Error {
  readonly tag = 'WorkerError'
  override readonly name = 'WorkerError'

  constructor(reason: string) {
    super(`the thread that runs the programs is gone: ${reason}; compile the step again and set the state that snapshot gives`)
  }
}

/** A run was called off before it began; the state is what it was. */
export class AbortedError extends Error {
  readonly tag = 'AbortedError'
  override readonly name = 'AbortedError'

  constructor(cause?: unknown) {
    super('the run was called off by its signal', { cause })
  }
}

/** Why a function could not be compiled. */
export type CompileError =
  | UnknownDeviceError
  | DeviceUnavailableError
  | PrecisionUnavailableError
  | MissingRuntimeError
  | SessionError
  | MemoryBudgetError
  | ArgumentError
  | ShapeError
  | DTypeError
  | WorkerError

/** Why a program could not run. */
export type RunError = ArgumentError | DisposedError | ExecutionError | NonFiniteRunError | WorkerError | AbortedError

/** What a run that failed answers with. */
export const runErrorOf = (cause: unknown): ExecutionError | NonFiniteRunError =>
  cause instanceof NonFiniteRunError || cause instanceof ExecutionError ? cause : new ExecutionError(cause)

export const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
