import { OnnxOptionError } from '../import/errors.ts'
import { buildModel } from '../import/model.ts'
import type { OnnxModel, OnnxSource } from '../import/types.ts'

const near = (source: OnnxSource, name: string): string => {
  const names = source.stored.graph.nodes.flatMap(({ outputs }) => outputs).filter((output) => output !== '')
  const alike = names.filter((other) => other.toLowerCase().includes(name.toLowerCase())).slice(0, 5)
  const shown = alike.length > 0 ? alike : names.slice(-5)
  return shown.map((other) => `'${other}'`).join(', ')
}

const checkTensor = (option: string, { source }: OnnxModel, name: string): void => {
  const { nodes, inputs } = source.stored.graph
  if (!nodes.some(({ outputs }) => outputs.includes(name)) && !inputs.some((declared) => declared.name === name))
    throw new OnnxOptionError(option, `${option}: the graph has no tensor '${name}'; did you mean one of ${near(source, name)}?`)
}

/** The source of a model that ends at other tensors; of the trainable weights those stay that are still reached. */
export const endAt = (option: string, model: OnnxModel, results: readonly string[]): OnnxSource => {
  for (const name of results) checkTensor(option, model, name)
  const { trainable, ...options } = model.source.options
  const cut: OnnxSource = { ...model.source, results, grafts: [], options }
  if (trainable === undefined) return cut
  const left = buildModel({ ...cut, options: { ...options, trainable: () => true }, mustTrain: false }).params
  return {
    ...cut,
    mustTrain: false,
    options: { ...options, trainable: Object.keys(left).filter((name) => Object.hasOwn(model.params, name)) },
  }
}

/**
 * Ends a model at other tensors: they become the outputs, and what only the old outputs needed goes away.
 *
 * @param outputs names of tensors inside the graph (a viewer such as Netron shows them)
 * @throws {OnnxOptionError} when the graph has no such tensor
 * @example
 * import { cutAt, exportModelOrThrow, fromOnnxOrThrow } from '@grad-ts/onnx'
 * import { matmul, ones, relu } from '@grad-ts/tensor'
 * const bytes = exportModelOrThrow((params, x) => relu(matmul(x, params.kernel)), { kernel: ones([4, 2]) }, ones([1, 4]))
 * const model = await fromOnnxOrThrow(bytes, { dims: { batch: 1 } })
 * const [product = ''] = model.source.stored.graph.nodes.flatMap(({ outputs }) => outputs)
 * cutAt(model, product).outputs.length // => 1
 */
export const cutAt = (model: OnnxModel, outputs: string | readonly string[]): OnnxModel =>
  buildModel(endAt('cutAt', model, typeof outputs === 'string' ? [outputs] : outputs))
