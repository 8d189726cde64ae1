import { evaluate, sameShape, showOperand } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { OnnxLimitError, OnnxOptionError } from '../import/errors.ts'
import type { OnnxError } from '../import/errors.ts'
import { attempt } from '../import/read.ts'
import type { NamedTensors, OnnxModel } from '../import/types.ts'
import { bytesOf } from '../import/wire.ts'
import { bytesField, joined, splice } from './splice.ts'
import { elementBytes, withElements } from './tensor.ts'
import type { Placement } from './tensor.ts'
import { editWeights } from './weights.ts'
import type { Replace } from './weights.ts'

/** A protobuf message, and so a file with its weights inside, cannot be longer. */
const longest = 2 ** 31 - 1

const graphNumber = 7

/** The new elements of the weights, checked against the file. */
const valuesOf = ({ source }: OnnxModel, params: NamedTensors): Map<string, Constant> => {
  const values = new Map<string, Constant>()
  for (const [name, given] of Object.entries(params)) {
    const known = source.weights.get(name)
    if (known === undefined) throw new OnnxOptionError('params', `the file has no weight '${name}'`)
    if (!sameShape(given.shape, known.shape))
      throw new OnnxOptionError('params', `weight '${name}': expected ${showOperand(known)}, got ${showOperand(given)}`)
    if ((given as Tensor) !== known) values.set(name, evaluate(given) as Constant)
  }
  return values
}

const inline: Placement = { tag: 'inline' }

/** Weights outside the file come inside, new ones take the place of the old. */
const replaceInline =
  (model: OnnxModel, values: ReadonlyMap<string, Constant>): Replace =>
  (name, stored, message) => {
    const value = values.get(name) ?? (stored.data.tag === 'external' ? model.source.weights.get(name) : undefined)
    return value === undefined ? undefined : withElements(message, elementBytes(stored, value), inline)
  }

const write = (model: OnnxModel, params: NamedTensors): Uint8Array => {
  const { bytes } = model.source
  const replace = replaceInline(model, valuesOf(model, params))
  const parts = splice(bytes, (field) => {
    if (field.number !== graphNumber) return 'keep'
    const graph = bytesOf(bytes, field)
    return bytesField(graphNumber, splice(graph, editWeights(graph, replace)))
  })
  const size = parts.reduce((total, part) => total + part.length, 0)
  if (size > longest)
    throw new OnnxLimitError(
      `the file would have ${size} bytes, more than a protobuf message can; write it with writeOnnx, which puts the weights into a file beside it`,
    )
  return joined(parts)
}

/**
 * Puts new weights into the original file.
 *
 * Nodes, names, opset, metadata and dynamic axes stay byte for byte what they were.
 *
 * @param model what {@link fromOnnx} gave
 * @param params like `model.params`; weights left out stay as they are. Running statistics go in the same way: `{ ...params, ...state }`
 * @returns the bytes of an `.onnx` file, all weights inside
 */
export const toOnnx = (model: OnnxModel, params: NamedTensors): Either<OnnxError, Uint8Array> => attempt(() => write(model, params))

/**
 * Like {@link toOnnx}.
 *
 * @throws {OnnxError}
 */
export const toOnnxOrThrow = (model: OnnxModel, params: NamedTensors): Uint8Array => {
  const result = toOnnx(model, params)
  if (E.isLeft(result)) throw result.left
  return result.right
}
