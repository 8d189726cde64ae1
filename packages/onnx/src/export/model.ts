import { left, right } from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { entries, leaves, mapWithPath } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { evaluate, input } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import type { Emitter } from '../emitter.ts'
import { graphProto, modelProto, nameOutputs, portInfo } from '../graph.ts'
import type { Port } from '../graph.ts'
import { createEmitter } from '../lower.ts'
import { encodeModel } from '../schema/codec.ts'
import { DynamicBatchError } from './errors.ts'
import { dynamicExtents, dynamicShape } from './extents.ts'
import type { Traces } from './extents.ts'

/** How an exported model looks from outside. */
export interface ExportOptions {
  /** Names for inputs and outputs by their path; the default is the path itself, `input` and `output` for a single tensor. */
  readonly names?: { readonly inputs?: (path: string) => string; readonly outputs?: (path: string) => string }
  /** Whether the first axis of every input is a batch of any size (default: yes). */
  readonly dynamicBatch?: boolean
}

// Small primes: lengths that follow the batch differ between them, whatever else the model does.
const probes = [5, 7, 11]

const orElse =
  (fallback: string) =>
  (path: string): string =>
    path === '' ? fallback : path

type Model<Params, Inputs> = (params: Params, inputs: Inputs) => Tree<Tensor>

interface Arguments {
  readonly params: Tree<Tensor>
  readonly inputs: Tree<Tensor>
}

const placeholders = (tree: Tree<Tensor>, batch: number | undefined): Tree<Tensor> =>
  mapWithPath((path, { shape, dtype }: Tensor): Tensor => {
    if (batch !== undefined && shape.length === 0) throw new DynamicBatchError(`input '${path}' is a scalar, which has no batch axis`)
    return input(path, batch === undefined ? shape : [batch, ...shape.slice(1)], dtype)
  }, tree)

interface Traced {
  readonly args: Arguments
  readonly outputs: Tree<Tensor>
}

const traceAt = (fn: Model<Tree<Tensor>, Tree<Tensor>>, { params, inputs }: Arguments, sizes: readonly (number | undefined)[]): Traced[] =>
  sizes.map((batch) => {
    const args = { params: placeholders(params, undefined), inputs: placeholders(inputs, batch) }
    return { args, outputs: fn(args.params, args.inputs) }
  })

const portsOf = (
  { args, outputs }: Traced,
  traces: Traces,
  names: ExportOptions['names'] = {},
  dynamicBatch: boolean,
): { readonly inputs: readonly Port[]; readonly outputs: readonly Port[] } => ({
  inputs: entries<Tensor>(args.inputs).map(([path, { shape, dtype }]) => ({
    name: (names.inputs ?? orElse('input'))(path),
    shape: dynamicBatch ? ['batch', ...shape.slice(1)] : shape,
    dtype,
  })),
  outputs: entries<Tensor>(outputs).map(([path, { shape, dtype }], i) => ({
    name: (names.outputs ?? orElse('output'))(path),
    shape: dynamicBatch ? dynamicShape(traces, i, 'batch') : shape,
    dtype,
  })),
})

/** The weights as initializers under the names that they have in the tree; the inputs under theirs. */
const bindPorts = (
  emitter: Emitter,
  { params, inputs }: Arguments,
  weights: readonly Constant[],
  ports: readonly Port[],
): Map<Tensor, string> => {
  const names = new Map(leaves<Tensor>(inputs).map((leaf, i) => [leaf, (ports[i] as Port).name]))
  entries<Tensor>(params).forEach(([path, leaf], i) => {
    const { attributes } = weights[i] as Constant
    names.set(leaf, emitter.constant(attributes.data, leaf.shape, leaf.dtype, path === '' ? 'weight' : path))
  })
  return names
}

const batchOf =
  (name: string) =>
  (emitter: Emitter): string =>
    emitter.add('Slice', [emitter.add('Shape', [name]), emitter.int64([0]), emitter.int64([1])])

/**
 * Writes a model for inference: a standard `.onnx` file with the weights inside, which any runtime loads; throws a `DynamicBatchError`.
 *
 * @param fn the model, a function of its parameters and inputs
 * @param params trained weights; they are named by their path in the tree
 * @param inputs example inputs; only their shapes and dtypes are read, and with a dynamic batch not their first axis
 * @returns the bytes of the file
 * @example
 * import { exportModelOrThrow } from '@grad-ts/onnx'
 * import { matmul, ones } from '@grad-ts/tensor'
 * const bytes = exportModelOrThrow((params, x) => matmul(x, params.kernel), { kernel: ones([4, 2]) }, ones([1, 4]))
 * bytes.length > 0 // => true
 */
export const exportModelOrThrow = <Params extends Tree<Tensor>, Inputs extends Tree<Tensor>>(
  fn: Model<Params, Inputs>,
  params: Params,
  inputs: Inputs,
  { names = {}, dynamicBatch = true }: ExportOptions = {},
): Uint8Array => {
  const traced = traceAt(fn as Model<Tree<Tensor>, Tree<Tensor>>, { params, inputs }, dynamicBatch ? probes : [undefined])
  const { args } = traced[0] as Traced
  const traces: Traces = { sizes: probes, outputs: traced.map(({ outputs }) => leaves(outputs)) }
  const ports = portsOf(traced[0] as Traced, traces, names, dynamicBatch)
  const emitter = createEmitter('portable', dynamicBatch ? dynamicExtents(traces, batchOf(ports.inputs[0]?.name as string)) : undefined)
  for (const { name } of [...ports.inputs, ...ports.outputs]) emitter.name(name)
  const bound = bindPorts(
    emitter,
    args,
    leaves<Tensor>(params).map((leaf) => evaluate(leaf)),
    ports.inputs,
  )
  nameOutputs(
    emitter,
    emitter.lower(traces.outputs[0] as readonly Tensor[], bound),
    ports.outputs.map(({ name }) => name),
  )
  return encodeModel(modelProto(usedOnly(graphProto('model', emitter, ports.inputs.map(portInfo), ports.outputs.map(portInfo)))))
}

/** Leaves out initializers that no node reads, such as parameters that only the training used. */
const usedOnly = (graph: ReturnType<typeof graphProto>): ReturnType<typeof graphProto> => {
  const used = new Set<string>()
  const visit = ({ node }: ReturnType<typeof graphProto>): void => {
    for (const { input: operands, attribute } of node) {
      for (const name of operands) used.add(name)
      for (const { g } of attribute) if (g !== undefined) visit(g)
    }
  }
  visit(graph)
  return { ...graph, initializer: graph.initializer.filter(({ name }) => used.has(name as string)) }
}

/** Like `exportModelOrThrow`, with the error as a value. */
export const exportModel = <Params extends Tree<Tensor>, Inputs extends Tree<Tensor>>(
  fn: Model<Params, Inputs>,
  params: Params,
  inputs: Inputs,
  options: ExportOptions = {},
): Either<DynamicBatchError, Uint8Array> => {
  try {
    return right(exportModelOrThrow(fn, params, inputs, options))
  } catch (error) {
    if (error instanceof DynamicBatchError) return left(error)
    throw error
  }
}
