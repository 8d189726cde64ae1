import { leaves, unflatten } from '@grad-ts/tree'
import type { MapLeaves, Tree } from '@grad-ts/tree'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Constant, Graph, Tensor } from '@grad-ts/tensor'
import { inputPorts, outputPorts } from '@grad-ts/onnx'
import { placeModel } from './apart/run.ts'
import type { Placement } from './apart/placement.ts'
import { checkArguments } from './arguments.ts'
import type { Origin } from './cache/plans.ts'
import type { SharedSession } from './cache/sessions.ts'
import type { ConcreteDevice } from './device.ts'
import { taskOf } from './edge.ts'
import { DisposedError, ExecutionError } from './errors.ts'
import type { CompileError, RunError } from './errors.ts'
import type { Runtime } from './runtime.ts'
import { fromRuntime, toRuntime } from './transfer.ts'

/** A function of tensors that was compiled into a session. */
export interface Program<Args extends readonly Tree<Tensor>[], Outputs extends Tree<Tensor>> extends AsyncDisposable {
  /** Runs on arguments of the shapes it was compiled for. */
  readonly run: (...args: Args) => TaskEither<RunError, MapLeaves<Outputs, Tensor, Constant>>
  /** Like `run`; rejects with the error. */
  readonly runOrThrow: (...args: Args) => Promise<MapLeaves<Outputs, Tensor, Constant>>
  /** Shows the graph that was compiled, a line for each node, and the memory that it takes at most. */
  readonly explain: () => string
  /** Tells on which device the runtime puts each node; a process of its own builds the session anew for it. */
  readonly placement: () => TaskEither<RunError | CompileError, Placement>
  readonly placementOrThrow: () => Promise<Placement>
  /** The compiled model as the bytes of an `.onnx` file, for viewers such as Netron; a copy each time. */
  readonly model: Uint8Array
  /** Where it runs. */
  readonly device: ConcreteDevice
  /** Whether the graph was compiled now, or an equal one was found in this process or on disk. */
  readonly origin: Origin
  /** Frees the session, unless another program uses it too. A second call does nothing. */
  readonly dispose: () => Promise<void>
}

/** What is known of a program besides its graph. */
export interface ProgramFacts {
  readonly model: Uint8Array
  readonly device: ConcreteDevice
  readonly threads: number | undefined
  readonly frugal: boolean
  readonly origin: Origin
  readonly explain: () => string
}

/** Feeds a session by name and gives its outputs in order. */
const runSession = async (
  session: SharedSession,
  feeds: Record<string, Runtime.Tensor>,
): Promise<Runtime.InferenceSession.OnnxValueMapType> => {
  try {
    return await session.run(feeds)
  } catch (cause) {
    throw new ExecutionError(cause)
  }
}

/** Joins a session to the graph that it was built from. */
export const createProgram = <Args extends readonly Tree<Tensor>[], Outputs extends Tree<Tensor>>(
  runtime: typeof Runtime,
  session: SharedSession,
  graph: Graph<readonly Tree<Tensor>[], Tree<Tensor>>,
  { model, origin, explain, ...options }: ProgramFacts,
): Program<Args, Outputs> => {
  const { inputs: placeholders, outputs: structure } = graph
  const inputs = inputPorts(graph)
  const outputs = outputPorts(graph)
  const results = leaves(structure)
  let disposed = false
  const alive = (): void => {
    if (disposed) throw new DisposedError()
  }
  const runOrThrow = async (...args: readonly Tree<Tensor>[]): Promise<Tree<Constant>> => {
    alive()
    const values = checkArguments(placeholders, args, 'the arguments')
    const fetched = await runSession(
      session,
      Object.fromEntries(values.map((value, i) => [inputs[i]?.name as string, toRuntime(runtime, value)])),
    )
    const constants = outputs.map(({ name }, i) =>
      fromRuntime(fetched[name] as Runtime.Tensor, (results[i] as Tensor).shape, (results[i] as Tensor).dtype),
    )
    return unflatten(structure, constants)
  }
  const dispose = async (): Promise<void> => {
    if (disposed) return
    disposed = true
    await session.release()
  }
  const placementOrThrow = async (): Promise<Placement> => {
    alive()
    return placeModel(model, options)
  }
  return {
    run: (...args: readonly Tree<Tensor>[]) => taskOf<RunError, Tree<Constant>>(() => runOrThrow(...args)),
    runOrThrow,
    placement: () => taskOf<RunError | CompileError, Placement>(placementOrThrow),
    placementOrThrow,
    explain,
    get model() {
      return model.slice()
    },
    device: options.device,
    origin,
    dispose,
    [Symbol.asyncDispose]: dispose,
  } as unknown as Program<Args, Outputs>
}
