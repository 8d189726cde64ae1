import { buildModel } from '../import/model.ts'
import { checkTensor } from '../import/select.ts'
import type { OnnxModel, OnnxSource } from '../import/types.ts'

/** The source of a model that ends at other tensors; of the trainable weights those stay that are still reached. */
export const endAt = (option: string, model: OnnxModel, results: readonly string[]): OnnxSource => {
  for (const name of results) checkTensor(option, model.source.stored.graph, name)
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
