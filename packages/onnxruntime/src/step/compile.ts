import type { Tree } from '@grad-ts/tree'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { trace } from '@grad-ts/tensor'
import type { Graph, Tensor } from '@grad-ts/tensor'
import { optimizeGraph, toLoopModel, toModel } from '@grad-ts/onnx'
import type { StepGraph } from '@grad-ts/onnx'
import { checkArguments, checkTypes } from '../arguments.ts'
import type { CompileOptions } from '../compile.ts'
import { deviceOf, targetOf } from '../device.ts'
import type { ConcreteDevice } from '../device.ts'
import { taskOf } from '../edge.ts'
import { ArgumentError } from '../errors.ts'
import type { CompileError } from '../errors.ts'
import { loadRuntime } from '../runtime.ts'
import { createSession } from '../session.ts'
import { createStepProgram } from './program.ts'
import type { StepProgram } from './program.ts'
import { createSessionExecutor } from './session-executor.ts'

/** Where and how to run a training step. */
export interface CompileStepOptions extends CompileOptions {
  /**
   * Steps in one run (default: one, on a plain batch). When given, even as 1, batches and outputs are stacked along a new first axis,
   * and the steps run inside the runtime with the state carried from one to the next.
   */
  readonly stepsPerRun?: number
}

const checkSteps = (steps: number | undefined): void => {
  if (steps !== undefined && !(Number.isSafeInteger(steps) && steps > 0))
    throw new ArgumentError('stepsPerRun', '', 'a whole number of at least 1', String(steps))
}

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
  step: (state: State, batch: Batch) => readonly [State, Outputs],
  state: State,
  batch: Batch,
  options: CompileStepOptions = {},
): Promise<StepProgram<State, Batch, Outputs>> => {
  const { stepsPerRun, threads } = options
  const device = deviceOf(options.device ?? 'cpu') as ConcreteDevice
  checkSteps(stepsPerRun)
  const graph: StepGraph = optimizeGraph(trace<[State, Batch], readonly [State, Outputs]>(step, [state, batch]), options.passes)
  checkTypes(graph.inputs[0], graph.outputs[0], 'the state that the step returns')
  const target = { target: targetOf(device) }
  const model = stepsPerRun === undefined ? toModel(graph as Graph, target) : toLoopModel(graph, stepsPerRun, target)
  const session = await createSession(model, { device, threads })
  const executor = createSessionExecutor(
    await loadRuntime(),
    session,
    graph,
    checkArguments(graph.inputs[0], state, 'the initial state'),
    stepsPerRun,
  )
  return createStepProgram(executor, graph, stepsPerRun)
}

/** Like `compileStepOrThrow`, with the error as a value. */
export const compileStep = <State extends Tree<Tensor>, Batch extends Tree<Tensor>, Outputs extends Tree<Tensor>>(
  step: (state: State, batch: Batch) => readonly [State, Outputs],
  state: State,
  batch: Batch,
  options: CompileStepOptions = {},
): TaskEither<CompileError, StepProgram<State, Batch, Outputs>> => taskOf(() => compileStepOrThrow(step, state, batch, options))
