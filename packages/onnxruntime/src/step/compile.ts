import { leaves } from '@grad-ts/tree'
import type { MapLeaves, Tree } from '@grad-ts/tree'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { trace } from '@grad-ts/tensor'
import type { Constant, Graph, Tensor } from '@grad-ts/tensor'
import type { StepGraph } from '@grad-ts/onnx'
import { checkArguments, checkTypes } from '../arguments.ts'
import { planKey } from '../cache/key.ts'
import { cachedPlan } from '../cache/plans.ts'
import type { CompileOptions } from '../compile.ts'
import { deviceOf } from '../device.ts'
import { chooseDevice } from '../probe.ts'
import { compilerPasses } from '../passes.ts'
import { choosePrecision } from '../precision.ts'
import { taskOf } from '../edge.ts'
import { ArgumentError } from '../errors.ts'
import type { CompileError } from '../errors.ts'
import { once } from '../once.ts'
import type { Fuse } from '../wasm/plan.ts'
import { startPlanInWorker } from '../worker/host.ts'
import { buildStep } from './build.ts'
import type { CompiledStep } from './build.ts'
import type { StepExecutor } from './executor.ts'
import { packedExecutor, packState } from './packed-executor.ts'
import type { OnNonFinite } from './finite.ts'
import { inOrder } from './in-order.ts'
import { keeping } from './keeping.ts'
import { createStepProgram } from './program.ts'
import type { StepProgram } from './program.ts'
import { startPlan } from './start.ts'

/** A tree with a tensor in the place of every constant. */
export type Symbolic<T> = MapLeaves<T, Tensor, Tensor>

/** A training step: it takes tensors where the example state and batch have constants. */
export type Step<State, Batch, Outputs> = (state: Symbolic<State>, batch: Symbolic<Batch>) => readonly [Symbolic<State>, Outputs]

/** Where and how to run a training step. */
export interface CompileStepOptions extends CompileOptions {
  /**
   * Steps in one run (default: one, on a plain batch). When given, even as 1, batches and outputs are stacked along a new first axis,
   * and the steps run inside the runtime with the state carried from one to the next.
   */
  readonly stepsPerRun?: number
  /**
   * Whether the update may run as WebAssembly kernels that replace the state where it lies (cpu only): `auto` where that is faster
   * (default), or `off`. The numbers agree to rounding.
   */
  readonly fuse?: Fuse
  /** Run in a thread of its own, so that timers and servers of this one go on (default: no; it costs some 50 µs per run). */
  readonly worker?: boolean
  /**
   * What a run does whose outputs or new state hold NaN or infinities: `pass` gives them (default); `fail` ends with a `NonFiniteRunError`
   * and leaves the state as it was before the run. It looks at every number and, with kernels, copies the state before each run: some 2 ns
   * for each number of the state, on webgpu it reads the state after each.
   */
  readonly onNonFinite?: OnNonFinite
  /**
   * What `snapshot` can give when the thread of a worker or a GPU is lost: in any case the last state that passed by (the initial one, or
   * what was read or set), and with a number a copy that is made every so many runs; `false` keeps none, to save memory.
   */
  readonly keepState?: number | false
}

// Seen from inside, trees are trees of tensors: the compiler of types need not follow the caller's.
const traceStep = (step: unknown, state: Tree<Tensor>, batch: Tree<Tensor>): StepGraph =>
  trace(step as (...args: readonly Tree<Tensor>[]) => readonly [Tree<Tensor>, Tree<Tensor>], [state, batch]) as unknown as StepGraph

const checkCount = (name: string, count: number | undefined): void => {
  if (count !== undefined && !(Number.isSafeInteger(count) && count > 0))
    throw new ArgumentError(name, '', 'a whole number of at least 1', String(count))
}

const defaults = { fuse: 'auto', passes: compilerPasses, stepsPerRun: undefined, threads: undefined, memoryBudget: undefined } as const

/**
 * Compiles a training step, a function `(state, batch) => [state, outputs]`, into one graph that keeps the state between runs;
 * rejects with a `CompileError`.
 *
 * @param step pure; the state it returns has the structure, shapes and dtypes of the one it takes
 * @param state the initial state, such as parameters and optimizer state
 * @param batch an example batch; only its shapes and dtypes are read
 * @example
 * import { compileStepOrThrow } from '@grad-ts/onnxruntime'
 * import { add, scalar, toNumber } from '@grad-ts/tensor'
 * const program = await compileStepOrThrow((total, x) => [add(total, x), total], scalar(0), scalar(0))
 * await program.runOrThrow(scalar(2))
 * await program.runOrThrow(scalar(3))
 * toNumber(await program.stateOrThrow()) // => 5
 * await program.dispose()
 */
export const compileStepOrThrow = async <State extends Tree<Tensor>, Batch extends Tree<Tensor>, Outputs extends Tree<Tensor>>(
  step: Step<State, Batch, Outputs>,
  state: State,
  batch: Batch,
  options: CompileStepOptions = {},
): Promise<StepProgram<Symbolic<State>, Symbolic<Batch>, Outputs>> => {
  const { cache, worker = false, precision = 'float32', onNonFinite, keepState, ...rest } = options
  checkCount('stepsPerRun', rest.stepsPerRun)
  checkCount('keepState', keepState === false ? undefined : keepState)
  const device = await chooseDevice(deviceOf(options.device ?? 'cpu'))
  const lower = await choosePrecision(precision, device)
  const traced = traceStep(step, state, batch)
  checkTypes(traced.inputs[0], traced.outputs[0], 'the state that the step returns')
  const initial = checkArguments(traced.inputs[0], state, 'the initial state')
  const settings = { ...defaults, ...rest, device }
  const build = once(() => buildStep(traced, lower, settings))
  const key = await planKey('step', traced as unknown as Graph, { ...settings, precision })
  const { plan, origin } = await cachedPlan(key, cache, () => build().compiled)
  const start: typeof startPlan = (flatPlan, flatState) =>
    (worker ? startPlanInWorker : startPlan)(flatPlan, flatState, { key: cache === false ? undefined : key.key, onNonFinite })
  const executor = await startCompiled(start, plan, initial, leaves<Tensor>(traced.inputs[0]))
  // What lies in this thread can be read as long as there is anybody to read it.
  const kept = keeping(executor, worker || device !== 'cpu' ? keepState : false, initial)
  return createStepProgram(inOrder(kept), traced, plan, { origin, explain: () => build().explain() })
}

/** Starts a step, and hides how its state is packed. */
const startCompiled = async (
  start: typeof startPlan,
  { layout, ...plan }: CompiledStep,
  initial: readonly Constant[],
  types: readonly Tensor[],
): Promise<StepExecutor> =>
  layout === undefined ? start(plan, initial) : packedExecutor(await start(plan, packState(layout, initial)), layout, types)

/** Like `compileStepOrThrow`, with the error as a value. */
export const compileStep = <State extends Tree<Tensor>, Batch extends Tree<Tensor>, Outputs extends Tree<Tensor>>(
  step: Step<State, Batch, Outputs>,
  state: State,
  batch: Batch,
  options: CompileStepOptions = {},
): TaskEither<CompileError, StepProgram<Symbolic<State>, Symbolic<Batch>, Outputs>> =>
  taskOf(() => compileStepOrThrow(step, state, batch, options))
