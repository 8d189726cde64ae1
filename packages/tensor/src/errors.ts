import type { DType } from './dtype.ts'
import { showShape } from './shape.ts'
import type { Shape } from './shape.ts'

interface Operand {
  readonly shape: Shape
  readonly dtype: DType
}

export const showOperand = (operand: Operand): string => `${operand.dtype}${showShape(operand.shape)}`

// Frames of these files, and those of built-in functions such as Array.map, are not the caller's; the first other one is where the mistake stands.
const own =
  /[\\/]@?grad-ts[\\/](?:node_modules[\\/])?[^\\/]+[\\/](?:dist|src)[\\/]|[\\/]packages[\\/](?:tree|tensor|autodiff|optim|nn|onnx|onnxruntime|trainer|grad-ts)[\\/](?:dist|src)[\\/]|node:internal|\(<anonymous>\)$/

/** Finds the line of the caller's code in a stack: the first frame outside this library. */
export const callerOf = (stack: string | undefined): string | undefined =>
  stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .find((line) => !own.test(line))
    ?.replace(/^\s+at /, '')

// The caller's frame can lie below many of ours, more than V8 records by default.
const engine = Error as ErrorConstructor & { stackTraceLimit?: number }

const located = (message: string): string => {
  const limit = engine.stackTraceLimit ?? 10
  engine.stackTraceLimit = 60
  const caller = callerOf(new Error('probe').stack)
  engine.stackTraceLimit = limit
  return caller === undefined ? message : `${message}\n    at ${caller}`
}

abstract class TraceError extends Error {
  /** The operation that was being traced. */
  readonly op: string
  /** Its operands, as `float32[2, 3]`. */
  readonly operands: readonly string[]

  constructor(op: string, operands: readonly Operand[], reason: string) {
    const shown = operands.map(showOperand)
    super(located(`${op}(${shown.join(', ')}): ${reason}`))
    this.op = op
    this.operands = shown
  }
}

/** The shapes given to an operation do not fit. The message names the operation, the operands and the caller's line. */
export class ShapeError extends TraceError {
  readonly tag = 'ShapeError'
  override readonly name = 'ShapeError'
}

/** The element types given to an operation do not fit. */
export class DTypeError extends TraceError {
  readonly tag = 'DTypeError'
  override readonly name = 'DTypeError'
}

/** A graph or a value handed to the interpreter is not complete: an input without a value, or a value of another shape. */
export class EvaluationError extends Error {
  readonly tag = 'EvaluationError'
  override readonly name = 'EvaluationError'
}
