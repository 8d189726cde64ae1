import type { Tree } from '@grad-ts/tree'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { trace } from '@grad-ts/tensor'
import type { Graph, Tensor } from '@grad-ts/tensor'
import { optimizeGraph, toModel } from '@grad-ts/onnx'
import type { MemoryBudget } from '@grad-ts/onnx'
import { planKey } from './cache/key.ts'
import { cachedPlan } from './cache/plans.ts'
import type { CacheOptions } from './cache/plans.ts'
import { shareSession } from './cache/sessions.ts'
import { deviceOf, targetOf } from './device.ts'
import { chooseDevice } from './probe.ts'
import type { ConcreteDevice, Device } from './device.ts'
import { taskOf } from './edge.ts'
import type { CompileError } from './errors.ts'
import { explainFitted, fitMemory } from './memory.ts'
import { compilerPasses, rewritesIn } from './passes.ts'
import type { Pass } from './passes.ts'
import { choosePrecision } from './precision.ts'
import type { Lower, Precision } from './precision.ts'
import { createProgram } from './program.ts'
import type { Program } from './program.ts'
import { once } from './once.ts'
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
  /** What the compiler does to the graph (default: all that it knows). */
  readonly passes?: readonly Pass[]
  /**
   * The most bytes that what the graph computes may take at once (activations, gradients, outputs; not parameters, state and batch), or
   * `auto`: as little as 1.3 times the work buys. Results are then computed again where they are used late, in place of being kept; the
   * numbers stay the same. Default: all are kept.
   */
  readonly memoryBudget?: MemoryBudget
  /**
   * A folder in which compiled graphs are kept, so that another process need not compile an equal one again; several processes may share
   * it. Within a process equal graphs are always compiled once and share what may be shared; `false` turns that off too.
   */
  readonly cache?: false | string | CacheOptions
}

/** What a function is compiled to: plain data, which can be kept. */
interface CompiledFunction {
  readonly model: Uint8Array
  readonly frugal: boolean
}

interface BuildOptions {
  readonly device: ConcreteDevice
  readonly passes: readonly Pass[]
  readonly memoryBudget: MemoryBudget | undefined
}

const buildFunction = (
  traced: Graph,
  lower: Lower,
  { device, passes, memoryBudget }: BuildOptions,
): { readonly compiled: CompiledFunction; readonly explain: () => string } => {
  const graph = lower(optimizeGraph(traced, rewritesIn(passes)))
  const fitted = fitMemory(graph, memoryBudget, targetOf(device))
  const model = toModel(fitted.graph, { target: targetOf(device) })
  return { compiled: { model, frugal: fitted.frugal }, explain: () => explainFitted(graph, fitted) }
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
  const { cache, precision = 'float32', passes = compilerPasses, memoryBudget, threads } = options
  const device = await chooseDevice(deviceOf(options.device ?? 'cpu'))
  const lower = await choosePrecision(precision, device)
  const traced = trace<Args, Outputs>(fn, args)
  const build = once(() => buildFunction(traced as Graph, lower, { device, passes, memoryBudget }))
  const key = await planKey('function', traced as Graph, { device, threads, precision, passes, memoryBudget })
  const { plan, origin } = await cachedPlan(key, cache, () => build().compiled)
  const create = () => createSession(plan.model, { ...plan, device, threads })
  const session = await shareSession(cache === false || device === 'webgpu' ? undefined : key.key, create)
  return createProgram(await loadRuntime(), session, traced, { ...plan, device, threads, origin, explain: () => build().explain() })
}

/** Like `compileOrThrow`, with the error as a value. */
export const compile = <Args extends readonly Tree<Tensor>[], Outputs extends Tree<Tensor>>(
  fn: (...args: Args) => Outputs,
  args: readonly [...Args],
  options: CompileOptions = {},
): TaskEither<CompileError, Program<Args, Outputs>> => taskOf(() => compileOrThrow(fn, args, options))
