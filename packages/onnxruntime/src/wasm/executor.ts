import { leaves } from '@grad-ts/tree'
import { sizeOf } from '@grad-ts/tensor'
import type { Constant, Graph, Tensor } from '@grad-ts/tensor'
import { inputPorts, outputPorts } from '@grad-ts/onnx'
import type { StepGraph } from '@grad-ts/onnx'
import { runErrorOf } from '../errors.ts'
import type { SharedSession } from '../cache/sessions.ts'
import type { Runtime } from '../runtime.ts'
import type { StepExecutor } from '../step/executor.ts'
import type { Guard } from '../step/finite.ts'
import { fromRuntime, toRuntime } from '../transfer.ts'
import { createBin } from './bin.ts'
import type { Place } from './pack.ts'
import type { SplitStep, Source } from './split.ts'
import { createState } from './state.ts'
import type { State } from './state.ts'
import { stackSteps, unstack } from './stacked.ts'
import { prepareUpdates } from './updates.ts'

/** Buffers in the arena for what the session hands to the chains: it writes there, without a copy of ours. */
const fetchesOf = (runtime: typeof Runtime, split: SplitStep, names: readonly string[], { arena }: State) =>
  Object.fromEntries(
    split.session.outputs.map((node, index) => {
      const source: Source = { from: 'session', index }
      return [names[index] as string, arena.has(source) ? new runtime.Tensor('float32', arena.view(source), node.shape) : null]
    }),
  )

/** Gives single results of the session, apart from those that share their output, and from the arena, which the next step overwrites. */
const unpacker =
  (runtime: typeof Runtime, { session }: SplitStep, { arena }: State) =>
  (output: Runtime.Tensor, { index, offset }: Place, { shape, dtype }: Tensor): Runtime.Tensor => {
    const size = sizeOf(shape)
    const isAlone = sizeOf((session.outputs[index] as Tensor).shape) === size && !arena.has({ from: 'session', index })
    return isAlone ? output : new runtime.Tensor(dtype as 'float32', (output.data as Float32Array).slice(offset, offset + size), shape)
  }

const createStep = (runtime: typeof Runtime, session: SharedSession, split: SplitStep, graph: StepGraph, state: State) => {
  const results = leaves<Tensor>(graph.outputs[1])
  const inputs = inputPorts(split.session as Graph).map(({ name }) => name)
  const outputs = outputPorts(split.session as Graph).map(({ name }) => name)
  const fetches = fetchesOf(runtime, split, outputs, state)
  const written = outputs.filter((name) => fetches[name] !== null)
  const discard = createBin()
  const unpack = unpacker(runtime, split, state)
  const update = prepareUpdates(split.updates, state.arena)
  const feed = (batch: readonly Constant[]): Record<string, Runtime.Tensor> =>
    Object.fromEntries(
      split.reads.map(({ from, index }, i) => [
        inputs[i] as string,
        from === 'state' ? (state.tensors[index] as Runtime.Tensor) : toRuntime(runtime, batch[index] as Constant),
      ]),
    )
  return async (batch: readonly Constant[]): Promise<Constant[]> => {
    batch.forEach(({ attributes: { data } }, index) => {
      const source: Source = { from: 'batch', index }
      if (state.arena.has(source)) state.arena.view(source).set(data)
    })
    const fetched = await session.run(feed(batch), fetches)
    const output = ({ index }: Place): Runtime.Tensor => fetched[outputs[index] as string] as Runtime.Tensor
    const result = (place: Place, type: Tensor): Runtime.Tensor => unpack(output(place), place, type)
    update((place) => output(place).data[place.offset] as number)
    for (const { leaf, place } of split.kept) state.put(leaf, result(place, state.types[leaf] as Tensor))
    const values = results.map((type, i) => fromRuntime(result(split.outputs[i] as Place, type), type.shape, type.dtype))
    // The runtime has copied what it wrote into the arena once more.
    discard(written.map((name) => (fetched[name] as Runtime.Tensor).data as Float32Array<ArrayBuffer>).map(({ buffer }) => buffer))
    return values
  }
}

/**
 * Runs a split step: the session, then the chains, which replace the state where it lies. Nothing is replaced before the session
 * has succeeded; several steps in one run, and a guard, keep a copy of the state until all has.
 */
export const createSplitExecutor = (
  runtime: typeof Runtime,
  session: SharedSession,
  graph: StepGraph,
  split: SplitStep,
  initial: readonly Constant[],
  stepsPerRun: number | undefined,
  guard?: Guard,
): StepExecutor => {
  const mayGoBack = (stepsPerRun !== undefined && stepsPerRun > 1) || guard !== undefined
  const state = createState(runtime, split, graph, initial, mayGoBack)
  const step = createStep(runtime, session, split, graph, state)
  const results = leaves<Tensor>(graph.outputs[1])
  const runAll = async (batch: readonly Constant[], steps: number): Promise<Constant[]> => {
    const outputs: Constant[][] = []
    for (let i = 0; i < steps; i++) outputs.push(await step(unstack(batch, i)))
    return stackSteps(outputs, results)
  }
  const run = async (batch: readonly Constant[]): Promise<Constant[]> => {
    const restore = mayGoBack ? state.keep() : () => undefined
    try {
      const outputs = await (stepsPerRun === undefined ? step(batch) : runAll(batch, stepsPerRun))
      guard?.(outputs, state.peek())
      return outputs
    } catch (cause) {
      restore()
      throw runErrorOf(cause)
    }
  }
  return { run, read: async () => state.read(), write: async (values) => state.write(values), dispose: () => session.release() }
}
