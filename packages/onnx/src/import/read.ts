import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { checkModel, checkOperators } from './check.ts'
import { decodeModel } from './decode.ts'
import type { ReadExternal } from './elements.ts'
import { isOnnxError, OnnxExternalDataError, OnnxFormatError } from './errors.ts'
import type { OnnxError } from './errors.ts'
import { readModelFile } from './files.ts'
import type { StoredModel } from './ir.ts'
import { buildModel } from './model.ts'
import type { OnnxModel, OnnxOptions } from './types.ts'
import { checkTensor } from './select.ts'
import { neededFor, readWeights } from './weights.ts'

/** Runs a step of reading; its errors become values, bugs stay exceptions. */
export const attempt = <A>(step: () => A): Either<OnnxError, A> => {
  try {
    return E.right(step())
  } catch (error) {
    if (isOnnxError(error)) return E.left(error)
    // Damaged files can ask the engine for more than it has.
    if (error instanceof RangeError) return E.left(new OnnxFormatError(`the file cannot be read: ${error.message}`))
    throw error
  }
}

const fromRecord =
  (files: Readonly<Record<string, Uint8Array>>): ReadExternal =>
  (location, offset, length) => {
    const bytes = files[location]
    if (bytes === undefined)
      throw new OnnxExternalDataError(
        location,
        `the model's weights lie in '${location}'; read the model by its path, or give the bytes: { externalData: { '${location}': … } }`,
      )
    return bytes.slice(offset, length === undefined ? undefined : offset + length)
  }

/** The tensors that a model ends at. */
const resultsOf = ({ graph }: StoredModel, { outputs }: OnnxOptions): readonly string[] => {
  if (outputs === undefined) return graph.outputs.map(({ name }) => name)
  const asked = typeof outputs === 'string' ? [outputs] : outputs
  for (const name of asked) checkTensor('outputs', graph, name)
  return asked
}

const read = (bytes: Uint8Array, options: OnnxOptions, external: ReadExternal): OnnxModel => {
  const stored = decodeModel(bytes)
  checkModel(stored)
  const results = resultsOf(stored, options)
  checkOperators(neededFor(stored.graph.nodes, results).nodes, stored, options.operators ?? {})
  const { values, integers } = readWeights(stored.graph, options.dtype, external)
  return buildModel({ bytes, stored, options, weights: values, integers, results, grafts: [] })
}

/**
 * Reads the bytes of an `.onnx` file.
 *
 * @param options see {@link fromOnnx}
 * @returns the model, or why it cannot be read
 * @example
 * import { exportModelOrThrow, fromOnnxBytes } from '@grad-ts/onnx'
 * import { matmul, ones } from '@grad-ts/tensor'
 * const bytes = exportModelOrThrow((params, x) => matmul(x, params.kernel), { kernel: ones([4, 2]) }, ones([1, 4]))
 * fromOnnxBytes(bytes, { dims: { batch: 3 } })._tag // => 'Right'
 * fromOnnxBytes(bytes.subarray(0, 40))._tag // => 'Left'
 */
export const fromOnnxBytes = (bytes: Uint8Array, options: OnnxOptions = {}): Either<OnnxError, OnnxModel> =>
  attempt(() => read(bytes, options, fromRecord(options.externalData ?? {})))

/**
 * Reads an `.onnx` file as a function of tensors whose weights are named parameters.
 *
 * Opsets 7 to 22 are read; older forms of an operator are converted. Shapes are static: what the file computes of shapes is folded, and a
 * symbolic dimension takes the length that the options give it.
 *
 * @param source the path of the file (external data is then read from its folder), or its bytes
 * @param options lengths of symbolic dimensions, which weights are trainable, the dtype of the computation
 * @returns the model, or an error that names what is wrong: the node, its op, the weight
 * @example
 * import { exportModelOrThrow, fromOnnx } from '@grad-ts/onnx'
 * import { matmul, ones } from '@grad-ts/tensor'
 * const bytes = exportModelOrThrow((params, x) => matmul(x, params.kernel), { kernel: ones([4, 2]) }, ones([1, 4]))
 * const result = await fromOnnx(bytes)()
 * result._tag === 'Left' && result.left.tag // => 'OnnxOptionError'
 * @see {@link toOnnx} to write new weights back
 */
export const fromOnnx =
  (source: string | Uint8Array, options: OnnxOptions = {}): TaskEither<OnnxError, OnnxModel> =>
  async () => {
    if (typeof source !== 'string') return fromOnnxBytes(source, options)
    try {
      const { bytes, external, close } = await readModelFile(source)
      const result = attempt(() => read(bytes, options, external))
      close()
      return result
    } catch (error) {
      return isOnnxError(error) ? E.left(error) : E.left(new OnnxFormatError(`cannot read '${source}': ${(error as Error).message}`))
    }
  }

const orThrow = (result: Either<OnnxError, OnnxModel>): OnnxModel => {
  if (E.isLeft(result)) throw result.left
  return result.right
}

/**
 * Like {@link fromOnnx}, as a promise.
 *
 * @throws {OnnxError}
 * @example
 * import { exportModelOrThrow, fromOnnxOrThrow } from '@grad-ts/onnx'
 * import { matmul, ones, toArray } from '@grad-ts/tensor'
 * const bytes = exportModelOrThrow((params, x) => matmul(x, params.kernel), { kernel: ones([4, 2]) }, ones([1, 4]))
 * const model = await fromOnnxOrThrow(bytes, { dims: { batch: 1 } })
 * Object.keys(model.params) // => ['kernel']
 * const { output = ones([]) } = model.apply(model.params, { input: ones([1, 4]) })
 * toArray(output) // => [[4, 4]]
 */
export const fromOnnxOrThrow = async (source: string | Uint8Array, options: OnnxOptions = {}): Promise<OnnxModel> =>
  orThrow(await fromOnnx(source, options)())
