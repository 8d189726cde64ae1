import { map, unflatten } from '@grad-ts/tree'
import type { MapLeaves, Tree } from '@grad-ts/tree'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { input } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import type { StepGraph } from '@grad-ts/onnx'
import { placeModel } from '../apart/run.ts'
import { checkArguments } from '../arguments.ts'
import type { Origin } from '../cache/plans.ts'
import type { ConcreteDevice } from '../device.ts'
import { taskOf } from '../edge.ts'
import { AbortedError, DisposedError } from '../errors.ts'
import type { CompileError, RunError } from '../errors.ts'
import type { Placement } from '../apart/placement.ts'
import type { KeepingExecutor } from './keeping.ts'
import type { StepPlan } from './plan.ts'
import { profilePlan } from './profile.ts'
import type { Profile } from './profile.ts'

/** How one run goes. */
export interface RunOptions {
  /** Calls the run off before it begins; one that has begun ends by itself. */
  readonly signal?: AbortSignal
}

/** A state of a program. */
export interface Snapshot<State extends Tree<Tensor>> {
  /** How many steps the program had run when it had this state, since it was compiled. */
  readonly steps: number
  readonly state: MapLeaves<State, Tensor, Constant>
}

/** A compiled training step. It owns the state: only batches go in and outputs come out. */
export interface StepProgram<State extends Tree<Tensor>, Batch extends Tree<Tensor>, Outputs extends Tree<Tensor>> extends AsyncDisposable {
  /** Runs the step on a batch, or K steps on batches stacked along a new first axis; the outputs are stacked in the same way. */
  readonly run: (batch: Batch, options?: RunOptions) => TaskEither<RunError, MapLeaves<Outputs, Tensor, Constant>>
  readonly runOrThrow: (batch: Batch, options?: RunOptions) => Promise<MapLeaves<Outputs, Tensor, Constant>>
  /** Reads the state as it is after the last run. */
  readonly state: () => TaskEither<RunError, MapLeaves<State, Tensor, Constant>>
  readonly stateOrThrow: () => Promise<MapLeaves<State, Tensor, Constant>>
  /**
   * Gives the newest state that can still be read. That is the state as it is after the last run, unless the thread or the device that
   * held it is lost: then it is the last one that was kept (see `keepState`), with the number of the step that led to it.
   */
  readonly snapshot: () => TaskEither<RunError, Snapshot<State>>
  readonly snapshotOrThrow: () => Promise<Snapshot<State>>
  /** Replaces the state by one of the same structure, shapes and dtypes. */
  readonly setState: (state: State) => TaskEither<RunError, void>
  readonly setStateOrThrow: (state: State) => Promise<void>
  /** Measures one run on zeros, beside the program: bytes that cross per step, every op with its time and device. */
  readonly profile: () => TaskEither<RunError | CompileError, Profile>
  readonly profileOrThrow: () => Promise<Profile>
  /** Tells on which device the runtime puts each node; a process of its own builds the session anew for it. */
  readonly placement: () => TaskEither<RunError | CompileError, Placement>
  readonly placementOrThrow: () => Promise<Placement>
  /** Shows the graph of one step as it was compiled, a line for each node, and the memory that it takes at most. */
  readonly explain: () => string
  /** The compiled model as the bytes of an `.onnx` file, for viewers such as Netron; without the part that runs in WebAssembly.
   * A copy each time. */
  readonly model: Uint8Array
  /** Where it runs. */
  readonly device: ConcreteDevice
  /** Whether the graph was compiled now, or an equal one was found in this process or on disk. */
  readonly origin: Origin
  /** Frees the session, unless another program uses it too. A second call does nothing. */
  readonly dispose: () => Promise<void>
}

const stackedInputs = (batch: Tree<Tensor>, steps: number | undefined): Tree<Tensor> =>
  steps === undefined
    ? batch
    : map((leaf: Tensor) => input((leaf as Tensor<'input'>).attributes.name, [steps, ...leaf.shape], leaf.dtype) as Tensor, batch)

/** How a program came to be. */
export interface StepFacts {
  readonly origin: Origin
  readonly explain: () => string
}

export const createStepProgram = <State extends Tree<Tensor>, Batch extends Tree<Tensor>, Outputs extends Tree<Tensor>>(
  executor: KeepingExecutor,
  graph: StepGraph,
  plan: StepPlan,
  { origin, explain }: StepFacts,
): StepProgram<State, Batch, Outputs> => {
  const batchInputs = stackedInputs(graph.inputs[1], plan.stepsPerRun)
  let disposed = false
  const alive = (): void => {
    if (disposed) throw new DisposedError()
  }
  const runOrThrow = async (batch: Tree<Tensor>, { signal }: RunOptions = {}): Promise<Tree<Constant>> => {
    alive()
    if (signal?.aborted === true) throw new AbortedError(signal.reason)
    return unflatten(graph.outputs[1], await executor.run(checkArguments(batchInputs, batch, 'the batch')))
  }
  const stateOrThrow = async (): Promise<Tree<Constant>> => {
    alive()
    return unflatten(graph.inputs[0], await executor.read())
  }
  const snapshotOrThrow = async (): Promise<{ readonly steps: number; readonly state: Tree<Constant> }> => {
    alive()
    const { runs, state } = await executor.latest()
    return { steps: runs * (plan.stepsPerRun ?? 1), state: unflatten(graph.inputs[0], state) }
  }
  const setStateOrThrow = async (state: Tree<Tensor>): Promise<void> => {
    alive()
    await executor.write(checkArguments(graph.inputs[0], state, 'the state'))
  }
  const profileOrThrow = async (): Promise<Profile> => {
    alive()
    return profilePlan(plan)
  }
  const placementOrThrow = async (): Promise<Placement> => {
    alive()
    return placeModel(plan.model, { device: plan.device, threads: plan.threads, frugal: plan.frugal })
  }
  const dispose = async (): Promise<void> => {
    if (disposed) return
    disposed = true
    await executor.dispose()
  }
  return {
    run: (batch: Tree<Tensor>, options?: RunOptions) => taskOf<RunError, Tree<Constant>>(() => runOrThrow(batch, options)),
    runOrThrow,
    state: () => taskOf<RunError, Tree<Constant>>(stateOrThrow),
    stateOrThrow,
    snapshot: () => taskOf<RunError, unknown>(snapshotOrThrow),
    snapshotOrThrow,
    setState: (state: Tree<Tensor>) => taskOf<RunError, void>(() => setStateOrThrow(state)),
    setStateOrThrow,
    explain,
    get model() {
      return plan.model.slice()
    },
    device: plan.device,
    origin,
    profile: () => taskOf<RunError | CompileError, Profile>(profileOrThrow),
    profileOrThrow,
    placement: () => taskOf<RunError | CompileError, Placement>(placementOrThrow),
    placementOrThrow,
    dispose,
    [Symbol.asyncDispose]: dispose,
  } as unknown as StepProgram<State, Batch, Outputs>
}
