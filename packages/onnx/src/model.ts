import { entries, leaves } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import type { Graph, Tensor } from '@grad-ts/tensor'
import { createEmitter } from './lower.ts'
import type { Target } from './emitter.ts'
import { graphProto, modelProto, nameOutputs, portInfo } from './graph.ts'
import type { Port } from './graph.ts'
import { encodeModel } from './schema/codec.ts'

/** Which kernels a model may use, and how its ports are named. */
export interface ModelOptions {
  /** `portable` (the default) uses only standard ops; the others add the fused ops of that provider of ONNX Runtime. */
  readonly target?: Target
  /** Names an input by its path in the tree of inputs (default: the path, below `inputs`). */
  readonly inputName?: (path: string) => string
  /** Names an output by its path in the tree of outputs (default: the path, below `outputs`). */
  readonly outputName?: (path: string) => string
}

const below =
  (root: string) =>
  (path: string): string =>
    path === '' ? root : `${root}.${path}`

/** Lists the ports of a tree in canonical order. */
export const portsOf = (tree: Tree<Tensor>, name: (path: string) => string): Port[] =>
  entries<Tensor>(tree).map(([path, { shape, dtype }]) => ({ name: name(path), shape, dtype }))

/** Lists the inputs of the model that `toModel` makes, in the order of the graph's input leaves. */
export const inputPorts = (graph: Graph, { inputName = below('inputs') }: ModelOptions = {}): Port[] => portsOf(graph.inputs, inputName)

/** Lists the outputs of the model that `toModel` makes, in the order of the graph's output leaves. */
export const outputPorts = (graph: Graph, { outputName = below('outputs') }: ModelOptions = {}): Port[] =>
  portsOf(graph.outputs, outputName)

/**
 * Writes a traced graph as an ONNX model (operator set 18).
 *
 * @param graph as `trace` gives it
 * @returns the bytes of a `ModelProto`
 * @example
 * import { toModel } from '@grad-ts/onnx'
 * import { add, ones, trace } from '@grad-ts/tensor'
 * const bytes = toModel(trace((x) => add(x, 1), [ones([2])]))
 * bytes.length > 0 // => true
 */
export const toModel = (graph: Graph, options: ModelOptions = {}): Uint8Array => {
  const emitter = createEmitter(options.target)
  const inputs = inputPorts(graph, options)
  const outputs = outputPorts(graph, options)
  for (const { name } of [...inputs, ...outputs]) emitter.name(name)
  const names = new Map(leaves<Tensor>(graph.inputs).map((leaf, i) => [leaf, (inputs[i] as Port).name]))
  nameOutputs(
    emitter,
    emitter.lower(leaves<Tensor>(graph.outputs), names),
    outputs.map(({ name }) => name),
  )
  return encodeModel(modelProto(graphProto('main', emitter, inputs.map(portInfo), outputs.map(portInfo))))
}
