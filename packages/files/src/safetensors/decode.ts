import * as E from 'fp-ts/lib/Either.js'
import { allocate, constantOf, sizeOf } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { SafetensorsError } from '../errors.ts'
import { decodeElements, readable } from './element-types.ts'
import type { Readable } from './element-types.ts'
import { decodeHeader, headerLength, prefix } from './header.ts'
import type { TensorEntry } from './header.ts'

/** The tensors of a safetensors file by name, and its text metadata. */
export interface Safetensors {
  readonly tensors: Readonly<Record<string, Constant>>
  readonly metadata: Readonly<Record<string, string>>
}

/** The tensor of an entry, whose elements are still to be read into it. */
export const emptyTensor = ({ code, shape }: TensorEntry): Constant => {
  const { dtype } = readable[code] as Readable
  return constantOf(allocate(dtype, sizeOf(shape)), shape, dtype)
}

const decodeTensor = (entry: TensorEntry, bytes: Uint8Array): Constant => {
  const tensor = emptyTensor(entry)
  decodeElements(entry.name, entry.code, bytes.subarray(entry.start, entry.end), tensor.attributes.data)
  return tensor
}

/**
 * Decodes a safetensors file.
 *
 * @param bytes the whole file
 * @returns the tensors by name; element types that we lack widen (bfloat16 to float32, small integers to int32)
 * @example
 * import { isRight } from 'fp-ts/lib/Either.js'
 * import { decodeSafetensors, encodeSafetensors } from '@grad-ts/files'
 * import { tensor, toArray, zeros } from '@grad-ts/tensor'
 * const bytes = Uint8Array.from(encodeSafetensors({ w: tensor([1, 2]) }).flatMap((piece) => [...piece]))
 * const file = decodeSafetensors(bytes)
 * isRight(file) && toArray(file.right.tensors['w'] ?? zeros([])) // => [1, 2]
 */
export const decodeSafetensors = (bytes: Uint8Array): E.Either<SafetensorsError, Safetensors> =>
  E.tryCatch(
    () => {
      const length = headerLength(bytes, bytes.length)
      const { tensors, metadata } = decodeHeader(bytes.subarray(prefix, prefix + length), bytes.length)
      return { tensors: Object.fromEntries(Array.from(tensors, ([name, entry]) => [name, decodeTensor(entry, bytes)])), metadata }
    },
    (error) => {
      if (error instanceof SafetensorsError) return error
      throw error
    },
  )
