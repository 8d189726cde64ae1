import { input } from '@grad-ts/tensor'
import type { Constant, Graph, Tensor } from '@grad-ts/tensor'
import { inputPorts, outputPorts, toModel } from '@grad-ts/onnx'
import type { StepGraph } from '@grad-ts/onnx'
import { leaves } from '@grad-ts/tree'
import { ExecutionError, runErrorOf } from '../errors.ts'
import { createSession } from '../session.ts'
import type { Runtime } from '../runtime.ts'
import { fromRuntime, toRuntime } from '../transfer.ts'
import { stackSteps, unstack } from '../wasm/stacked.ts'
import type { StepExecutor } from './executor.ts'
import type { Guard } from './finite.ts'

/** Where each output of a step is wanted: the new state stays on the device, all else comes to the CPU. */
export const gpuOutputLocations = (graph: StepGraph): Readonly<Record<string, 'cpu' | 'gpu-buffer'>> => {
  const kept = leaves<Tensor>(graph.outputs[0]).length
  return Object.fromEntries(outputPorts(graph as Graph).map(({ name }, i) => [name, i < kept ? 'gpu-buffer' : 'cpu']))
}

const dispose = (tensors: readonly Runtime.Tensor[]): void => {
  for (const tensor of tensors) if (tensor.location === 'gpu-buffer') tensor.dispose()
}

/** Reads tensors of the device through a session that copies: asking such a tensor for its data ends the process. */
const createReader = (types: readonly Tensor[]) => {
  const inputs = types.map(({ shape, dtype }, i) => input(String(i), shape, dtype))
  const graph: Graph = { inputs, outputs: inputs }
  let session: Promise<Runtime.InferenceSession> | undefined
  const read = async (state: readonly Runtime.Tensor[]): Promise<Constant[]> => {
    session ??= createSession(toModel(graph, { target: 'webgpu' }), { device: 'webgpu' })
    const names = inputPorts(graph).map(({ name }) => name)
    const fetched = await (await session).run(Object.fromEntries(state.map((value, i) => [names[i] as string, value])))
    return outputPorts(graph).map(({ name }, i) =>
      fromRuntime(fetched[name] as Runtime.Tensor, (types[i] as Tensor).shape, (types[i] as Tensor).dtype),
    )
  }
  return { read, release: async (): Promise<void> => (await session)?.release() }
}

/**
 * Keeps the state in buffers of the device: what one run gives is fed to the next, and what was replaced is freed at once.
 * Several steps in one run are several runs, since the provider has no loops.
 */
export const createGpuExecutor = (
  runtime: typeof Runtime,
  session: Runtime.InferenceSession,
  graph: StepGraph,
  initial: readonly Constant[],
  stepsPerRun: number | undefined,
  guard?: Guard,
): StepExecutor => {
  const inputs = inputPorts(graph as Graph).map(({ name }) => name)
  const outputs = outputPorts(graph as Graph).map(({ name }) => name)
  const types = leaves<Tensor>(graph.inputs[0])
  const results = leaves<Tensor>(graph.outputs[1])
  const reader = createReader(types)
  const adopt = (values: readonly Constant[]): Runtime.Tensor[] => values.map((value) => toRuntime(runtime, value))
  let state = adopt(initial)
  const stepFrom = async (from: readonly Runtime.Tensor[], batch: readonly Constant[]) => {
    const feeds = [...from, ...adopt(batch)]
    const fetched = await session.run(Object.fromEntries(feeds.map((value, i) => [inputs[i] as string, value])))
    const values = outputs.map((name) => fetched[name] as Runtime.Tensor)
    const given = values
      .slice(types.length)
      .map((value, i) => fromRuntime(value, (results[i] as Tensor).shape, (results[i] as Tensor).dtype))
    return { next: values.slice(0, types.length), given }
  }
  const run = async (batch: readonly Constant[]): Promise<Constant[]> => {
    const collected: Constant[][] = []
    let current = state
    try {
      for (let i = 0; i < (stepsPerRun ?? 1); i++) {
        const { next, given } = await stepFrom(current, stepsPerRun === undefined ? batch : unstack(batch, i))
        if (current !== state) dispose(current)
        current = next
        collected.push(given)
      }
      const outputs = stepsPerRun === undefined ? (collected[0] as Constant[]) : stackSteps(collected, results)
      // The new state is read for it: shaders need not keep NaN, so none of them can look for it.
      if (guard !== undefined) guard(outputs, await reader.read(current))
      dispose(state)
      state = current
      return outputs
    } catch (cause) {
      if (current !== state) dispose(current)
      throw runErrorOf(cause)
    }
  }
  return {
    run,
    read: () =>
      reader.read(state).catch((cause: unknown) => {
        throw new ExecutionError(cause)
      }),
    write: async (values) => {
      dispose(state)
      state = adopt(values)
    },
    dispose: async () => {
      dispose(state)
      await reader.release()
      await session.release()
    },
  }
}
