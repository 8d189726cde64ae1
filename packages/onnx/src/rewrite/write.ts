import { evaluate, isFloat, sameShape, showOperand } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { OnnxLimitError, OnnxOptionError } from '../import/errors.ts'
import type { OnnxError } from '../import/errors.ts'
import { buildModel } from '../import/model.ts'
import { attempt } from '../import/read.ts'
import type { NamedTensors, OnnxModel, OnnxPort, OnnxSource } from '../import/types.ts'
import { bytesOf } from '../import/wire.ts'
import { withAdapters } from './adapters.ts'
import type { WrittenAdapters } from './adapters.ts'
import { graftFields } from './graft.ts'
import type { GraftFields } from './graft.ts'
import { bytesField, joined, lengthOf, splice } from './splice.ts'
import { keptOf, outputField, pruning } from './structure.ts'
import type { Kept } from './structure.ts'
import { newElements, withElements } from './tensor.ts'
import { editWeights } from './weights.ts'
import type { Replace } from './weights.ts'

export interface ToOnnxOptions {
  /** Adapters to write beside the weights, as nodes of their own, instead of multiplied into them. */
  readonly adapters?: WrittenAdapters
  /** Keeps what lies behind the tensors that the model ends at, although it was not read. Default false. */
  readonly whole?: boolean
}

/** A protobuf message, and so a file with its weights inside, cannot be longer. */
const longest = 2 ** 31 - 1

const graphNumber = 7

/** The new elements of the weights, checked against the file. */
export const valuesOf = ({ source, params: own }: OnnxModel, params: NamedTensors): Map<string, Constant> => {
  const values = new Map<string, Constant>()
  for (const [name, given] of Object.entries(params)) {
    const known = source.weights.get(name) ?? own[name]
    if (known === undefined) throw new OnnxOptionError('params', `the file has no weight '${name}'`)
    if (!sameShape(given.shape, known.shape))
      throw new OnnxOptionError('params', `weight '${name}': expected ${showOperand(known)}, got ${showOperand(given)}`)
    if ((given as Tensor) === known) continue
    if (!isFloat(known.dtype)) throw new OnnxOptionError('params', `weight '${name}' is ${known.dtype}; only floats can be changed`)
    values.set(name, evaluate(given) as Constant)
  }
  return values
}

/** Weights outside the file come inside, new ones take the place of the old. */
const replaceInline =
  (model: OnnxModel, values: ReadonlyMap<string, Constant>): Replace =>
  (held) => {
    const elements = newElements(model.source, values, held)
    return elements === undefined ? undefined : withElements(held.message, elements())
  }

const portAt = (model: OnnxModel, name: string): OnnxPort => {
  const bare = buildModel({ ...model.source, grafts: [], mustTrain: false })
  return bare.outputs.find((port) => port.name === name) as OnnxPort
}

const prefixed = (params: Readonly<Record<string, Constant>>, name: string): Record<string, Constant> =>
  Object.fromEntries(
    Object.entries(params).flatMap(([key, value]) => (key.startsWith(`${name}.`) ? [[key.slice(name.length + 1), value]] : [])),
  )

/** What joins the graph at its end: outputs inside it, and new layers. */
const additions = (model: OnnxModel, { outputs }: Kept, values: ReadonlyMap<string, Constant>): GraftFields => {
  const { source } = model
  const declared = new Set(source.stored.graph.outputs.map(({ name }) => name))
  const fresh = model.outputs.filter(({ name }) => outputs.has(name) && !declared.has(name)).flatMap((port) => outputField(source, port))
  const current = { ...model.params, ...Object.fromEntries(values) }
  return source.grafts
    .map((graft) => graftFields(source, graft, prefixed(current, graft.name), portAt(model, graft.at)))
    .reduce(
      (all, next) => ({
        nodes: [...all.nodes, ...next.nodes],
        initializers: [...all.initializers, ...next.initializers],
        outputs: [...all.outputs, ...next.outputs],
      }),
      { nodes: [], initializers: [], outputs: fresh } as GraftFields,
    )
}

/** What stays of a model that ends before its file does. */
const keptIn = (source: OnnxSource, whole: boolean): Kept | undefined => {
  if (!whole) return keptOf(source)
  if (source.grafts.length === 0) return undefined
  throw new OnnxOptionError('whole', 'whole: new layers stand in the place of what lies behind; write the model without them, or not whole')
}

const writeGraph = (
  model: OnnxModel,
  graph: Uint8Array,
  values: ReadonlyMap<string, Constant>,
  replace: Replace,
  whole: boolean,
): readonly Uint8Array[] => {
  const weights = editWeights(graph, replace)
  const kept = keptIn(model.source, whole)
  if (kept === undefined) return splice(graph, weights)
  const prune = pruning(graph, kept)
  const { nodes, initializers, outputs } = additions(model, kept, values)
  const parts = splice(graph, (field) => {
    const edit = prune(field)
    return edit === 'keep' ? weights(field) : edit
  })
  return [...parts, ...nodes, ...initializers, ...outputs]
}

/** The parts of the new file, with weights placed by `replace`. */
export const fileParts = (
  model: OnnxModel,
  values: ReadonlyMap<string, Constant>,
  replace: Replace,
  { adapters, whole = false }: ToOnnxOptions = {},
): readonly Uint8Array[] => {
  const { bytes } = model.source
  return splice(bytes, (field) => {
    if (field.number !== graphNumber) return 'keep'
    const graph = bytesOf(bytes, field)
    const parts = writeGraph(model, graph, values, replace, whole)
    return bytesField(graphNumber, adapters === undefined ? parts : withAdapters(joined(parts), model.source, adapters))
  })
}

/** Refuses what no runtime could load. */
export const checkSize = (parts: readonly Uint8Array[]): readonly Uint8Array[] => {
  const size = lengthOf(parts)
  if (size <= longest) return parts
  throw new OnnxLimitError(
    `the file would have ${size} bytes, more than a protobuf message can; write it with writeOnnx, which puts the weights into a file beside it`,
  )
}

const write = (model: OnnxModel, params: NamedTensors, options: ToOnnxOptions): Uint8Array => {
  const values = valuesOf(model, params)
  return joined(checkSize(fileParts(model, values, replaceInline(model, values), options)))
}

/**
 * Puts new weights into the original file.
 *
 * Nodes, names, opset, metadata and dynamic axes stay byte for byte what they were.
 *
 * @param model what {@link fromOnnx} gave
 * @param params like `model.params`; weights left out stay as they are. Running statistics go in the same way: `{ ...params, ...state }`
 * @returns the bytes of an `.onnx` file, all weights inside
 * @see {@link writeOnnx} for models over 2 GB
 */
export const toOnnx = (model: OnnxModel, params: NamedTensors, options: ToOnnxOptions = {}): Either<OnnxError, Uint8Array> =>
  attempt(() => write(model, params, options))

/**
 * Like {@link toOnnx}.
 *
 * @throws {OnnxError}
 * @example
 * import { exportModelOrThrow, fromOnnxOrThrow, toOnnxOrThrow } from '@grad-ts/onnx'
 * import { matmul, mul, ones } from '@grad-ts/tensor'
 * const bytes = exportModelOrThrow((params, x) => matmul(x, params.kernel), { kernel: ones([4, 2]) }, ones([1, 4]))
 * const model = await fromOnnxOrThrow(bytes, { dims: { batch: 1 } })
 * const { kernel = ones([]) } = model.params
 * const halved = toOnnxOrThrow(model, { kernel: mul(kernel, 0.5) })
 * halved.length === bytes.length // => true
 */
export const toOnnxOrThrow = (model: OnnxModel, params: NamedTensors, options: ToOnnxOptions = {}): Uint8Array => {
  const result = toOnnx(model, params, options)
  if (E.isLeft(result)) throw result.left
  return result.right
}
