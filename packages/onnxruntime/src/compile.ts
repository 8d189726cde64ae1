import type { Tree } from '@grad-ts/tree'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { trace } from '@grad-ts/tensor'
import type { Graph, Tensor } from '@grad-ts/tensor'
import { optimizeGraph, toModel } from '@grad-ts/onnx'
import type { MemoryBudget, PassName } from '@grad-ts/onnx'
import { deviceOf, targetOf } from './device.ts'
import { chooseDevice } from './probe.ts'
import type { Device } from './device.ts'
import { taskOf } from './edge.ts'
import type { CompileError } from './errors.ts'
import { explainFitted, fitMemory } from './memory.ts'
import { choosePrecision } from './precision.ts'
import type { Precision } from './precision.ts'
import { createProgram } from './program.ts'
import type { Program } from './program.ts'
import { loadRuntime } from './runtime.ts'
import { createSession } from './session.ts'

/** Where and how to run. */
export interface CompileOptions {
  /** Default `cpu`. */
  readonly device?: Device
  /** Threads for one op; default: as many as the machine has cores. */
  readonly threads?: number
  /**
   * `mixed` computes products of matrices and convolutions in float16, as fast GPUs prefer; inputs, outputs and all that needs range
   * or digits stay float32. The cpu takes it too, but is slower with it. Gradients need their loss scaled: see `dynamicLossScale`.
   * Default `float32`: as written.
   */
  readonly precision?: Precision
  /** Which rewrites the compiler applies to the graph (default: all). */
  readonly passes?: readonly PassName[]
  /**
   * The most bytes that what the graph computes may take at once (activations, gradients, outputs; not parameters, state and batch), or
   * `auto`: as little as 1.3 times the work buys. Results are then computed again where they are used late, in place of being kept; the
   * numbers stay the same. Default: all are kept.
   */
  readonly memoryBudget?: MemoryBudget
}

/**
 * Compiles a function of tensors into a session of ONNX Runtime; rejects with a `CompileError`.
 *
 * @param fn a function of tensor trees, without effects; it is traced once
 * @param args example arguments; only their shapes and dtypes are read
 * @example
 * import { compileOrThrow } from '@grad-ts/onnxruntime'
 * import { add, tensor, toArray } from '@grad-ts/tensor'
 * const program = await compileOrThrow((x, y) => add(x, y), [tensor([1, 2]), tensor([3, 4])])
 * toArray(await program.runOrThrow(tensor([1, 2]), tensor([3, 4]))) // => [4, 6]
 * await program.dispose()
 */
export const compileOrThrow = async <Args extends readonly Tree<Tensor>[], Outputs extends Tree<Tensor>>(
  fn: (...args: Args) => Outputs,
  args: readonly [...Args],
  options: CompileOptions = {},
): Promise<Program<Args, Outputs>> => {
  const device = await chooseDevice(deviceOf(options.device ?? 'cpu'))
  const lower = await choosePrecision(options.precision ?? 'float32', device)
  const graph = lower(optimizeGraph(trace<Args, Outputs>(fn, args), options.passes))
  const fitted = fitMemory(graph, options.memoryBudget, targetOf(device))
  const model = toModel(fitted.graph as Graph, { target: targetOf(device) })
  const session = await createSession(model, { device, threads: options.threads, frugal: fitted.frugal })
  return createProgram(await loadRuntime(), session, graph, model, () => explainFitted(graph, fitted))
}

/** Like `compileOrThrow`, with the error as a value. */
export const compile = <Args extends readonly Tree<Tensor>[], Outputs extends Tree<Tensor>>(
  fn: (...args: Args) => Outputs,
  args: readonly [...Args],
  options: CompileOptions = {},
): TaskEither<CompileError, Program<Args, Outputs>> => taskOf(() => compileOrThrow(fn, args, options))
