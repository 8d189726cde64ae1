import { leaves } from '@grad-ts/tree'
import type { Constant, Graph, Tensor } from '@grad-ts/tensor'
import { inputPorts, outputPorts } from '@grad-ts/onnx'
import type { StepGraph } from '@grad-ts/onnx'
import { runErrorOf } from '../errors.ts'
import type { SharedSession } from '../cache/sessions.ts'
import type { Runtime } from '../runtime.ts'
import { copyOf, fromRuntime, toRuntime } from '../transfer.ts'
import type { StepExecutor } from './executor.ts'
import type { Guard } from './finite.ts'

const shapeOf = ({ shape, dtype }: Tensor, stacked: number | undefined): Pick<Tensor, 'shape' | 'dtype'> => ({
  shape: stacked === undefined ? shape : [stacked, ...shape],
  dtype,
})

/** Keeps the state as the runtime's tensors: what one run gives is fed to the next, without a copy. */
export const createSessionExecutor = (
  runtime: typeof Runtime,
  session: SharedSession,
  graph: StepGraph,
  initial: readonly Constant[],
  stepsPerRun: number | undefined,
  guard?: Guard,
): StepExecutor => {
  const inputs = inputPorts(graph as Graph).map(({ name }) => name)
  const outputs = outputPorts(graph as Graph).map(({ name }) => name)
  const stateLeaves = leaves<Tensor>(graph.inputs[0])
  const results = leaves<Tensor>(graph.outputs[1]).map((leaf) => shapeOf(leaf, stepsPerRun))
  const adopt = (values: readonly Constant[]): Runtime.Tensor[] => values.map((value) => toRuntime(runtime, value))
  const constantsOf = (values: readonly Runtime.Tensor[]): Constant[] =>
    values.map((value, i) => fromRuntime(value, (stateLeaves[i] as Tensor).shape, (stateLeaves[i] as Tensor).dtype))
  let state = adopt(initial)
  const run = async (batch: readonly Constant[]): Promise<Constant[]> => {
    const feeds = [...state, ...adopt(batch)]
    try {
      const fetched = await session.run(Object.fromEntries(feeds.map((value, i) => [inputs[i] as string, value])))
      const values = outputs.map((name) => fetched[name] as Runtime.Tensor)
      const next = values.slice(0, stateLeaves.length)
      const given = values
        .slice(stateLeaves.length)
        .map((value, i) => fromRuntime(value, (results[i] as Tensor).shape, (results[i] as Tensor).dtype))
      guard?.(given, constantsOf(next))
      state = next
      return given
    } catch (cause) {
      throw runErrorOf(cause)
    }
  }
  return {
    run,
    read: async () => constantsOf(state).map(copyOf),
    write: async (values) => {
      state = adopt(values)
    },
    dispose: () => session.release(),
  }
}
