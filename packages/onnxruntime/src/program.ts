import { leaves, unflatten } from '@grad-ts/tree'
import type { MapLeaves, Tree } from '@grad-ts/tree'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Constant, Graph, Tensor } from '@grad-ts/tensor'
import { inputPorts, outputPorts } from '@grad-ts/onnx'
import { checkArguments } from './arguments.ts'
import { taskOf } from './edge.ts'
import { DisposedError, ExecutionError } from './errors.ts'
import type { RunError } from './errors.ts'
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
  /** The compiled model as the bytes of an `.onnx` file, for viewers such as Netron. */
  readonly model: Uint8Array
  /** Frees the session. A second call does nothing. */
  readonly dispose: () => Promise<void>
}

/** Feeds a session by name and gives its outputs in order. */
const runSession = async (
  session: Runtime.InferenceSession,
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
  session: Runtime.InferenceSession,
  graph: Graph<readonly Tree<Tensor>[], Tree<Tensor>>,
  model: Uint8Array,
  explain: () => string,
): Program<Args, Outputs> => {
  const { inputs: placeholders, outputs: structure } = graph
  const inputs = inputPorts(graph)
  const outputs = outputPorts(graph)
  const results = leaves(structure)
  let disposed = false
  const runOrThrow = async (...args: readonly Tree<Tensor>[]): Promise<Tree<Constant>> => {
    if (disposed) throw new DisposedError()
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
  const run = (...args: readonly Tree<Tensor>[]): TaskEither<RunError, Tree<Constant>> => taskOf(() => runOrThrow(...args))
  return { run, runOrThrow, explain, model, dispose, [Symbol.asyncDispose]: dispose } as unknown as Program<Args, Outputs>
}
