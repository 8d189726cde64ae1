import { leaves } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import type { Graph, Tensor } from '@grad-ts/tensor'
import { createEmitter } from './lower.ts'
import type { Emitter } from './emitter.ts'
import { graphProto, modelProto, nameOutputs, portInfo } from './graph.ts'
import type { Port } from './graph.ts'
import { inputPorts, outputPorts } from './model.ts'
import type { ModelOptions } from './model.ts'
import { encodeModel } from './schema/codec.ts'
import { valueInfo } from './schema/types.ts'

/** A traced step: `(state, batch) → [state, outputs]`. */
export type StepGraph = Graph<readonly [Tree<Tensor>, Tree<Tensor>], readonly [Tree<Tensor>, Tree<Tensor>]>

const prefixed = (prefix: string, port: Port): Port => ({ ...port, name: `${prefix}.${port.name}` })
const stacked = (steps: number, port: Port): Port => ({ ...port, shape: [steps, ...port.shape] })

interface Ports {
  readonly state: readonly Port[]
  readonly batch: readonly Port[]
  readonly next: readonly Port[]
  readonly outputs: readonly Port[]
}

const portsOfStep = (graph: StepGraph, options: ModelOptions): Ports => {
  const count = leaves<Tensor>(graph.inputs[0]).length
  const [inputs, outputs] = [inputPorts(graph, options), outputPorts(graph, options)]
  return { state: inputs.slice(0, count), batch: inputs.slice(count), next: outputs.slice(0, count), outputs: outputs.slice(count) }
}

/** The body of the loop: picks its batch from the stacked ones, runs the step, hands the state on. */
const stepBody = (emitter: Emitter, graph: StepGraph, { state, batch, next, outputs }: Ports) => {
  const [iteration, condition, proceed] = [emitter.name('iteration'), emitter.name('condition'), emitter.name('proceed')]
  const ports = {
    state: state.map((port) => prefixed('step', port)),
    next: next.map((port) => prefixed('step', port)),
    outputs: outputs.map((port) => prefixed('step', port)),
  }
  const names = new Map<Tensor, string>()
  leaves<Tensor>(graph.inputs[0]).forEach((leaf, i) => names.set(leaf, (ports.state[i] as Port).name))
  leaves<Tensor>(graph.inputs[1]).forEach((leaf, i) =>
    names.set(leaf, emitter.add('Gather', [(batch[i] as Port).name, iteration], { axis: 0 })),
  )
  emitter.addNamed('Identity', [condition], [proceed])
  const values = emitter.lower(leaves<Tensor>(graph.outputs), names)
  nameOutputs(
    emitter,
    values,
    [...ports.next, ...ports.outputs].map(({ name }) => name),
  )
  const inputs = [
    { ...valueInfo(iteration, [], 'int32'), type: { tensorType: { elemType: 7, shape: { dim: [] } } } },
    valueInfo(condition, [], 'bool'),
  ]
  return {
    ...graphProto(
      'step',
      emitter,
      [...inputs, ...ports.state.map(portInfo)],
      [valueInfo(proceed, [], 'bool'), ...[...ports.next, ...ports.outputs].map(portInfo)],
    ),
    initializer: [],
  }
}

/**
 * Writes a traced step as an ONNX model that runs it several times: a `Loop` that carries the state,
 * reads batches stacked along a new first axis, and stacks the outputs in the same way.
 *
 * @param graph a trace of `(state, batch) => [state, outputs]`
 * @param steps static number of steps
 * @returns the bytes of a `ModelProto`; its ports are named like those of `toModel`
 */
export const toLoopModel = (graph: StepGraph, steps: number, options: ModelOptions = {}): Uint8Array => {
  const ports = portsOfStep(graph, options)
  const emitter = createEmitter(options.target)
  for (const { name } of [...ports.state, ...ports.batch, ...ports.next, ...ports.outputs]) emitter.name(name)
  const body = stepBody(emitter.subgraph(), graph, ports)
  const results = [...ports.next, ...ports.outputs].map(({ name }) => name)
  emitter.addNamed('Loop', [emitter.int64(steps), '', ...ports.state.map(({ name }) => name)], results, { body: { graph: body } })
  const inputs = [...ports.state, ...ports.batch.map((port) => stacked(steps, port))]
  const outputs = [...ports.next, ...ports.outputs.map((port) => stacked(steps, port))]
  return encodeModel(modelProto(graphProto('main', emitter, inputs.map(portInfo), outputs.map(portInfo))))
}
