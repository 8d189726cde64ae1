import { sizeOf } from '@grad-ts/tensor'
import type { Constant, DType, Shape } from '@grad-ts/tensor'
import { encodeElements, written } from './element-types.ts'
import { prefix } from './header.ts'

/** A tensor that is made when its bytes are written. */
export interface LazyTensor {
  readonly name: string
  readonly shape: Shape
  readonly dtype: DType
  readonly make: () => Constant
}

/** Bytes of a tensor in a file. */
export const byteLength = ({ shape, dtype }: Pick<LazyTensor, 'shape' | 'dtype'>): number => sizeOf(shape) * written[dtype].size

/** Wide elements first, so that every tensor starts on a multiple of its element size. */
const inFileOrder = (tensors: readonly LazyTensor[]): readonly LazyTensor[] =>
  tensors.toSorted((a, b) => written[b.dtype].size - written[a.dtype].size || (a.name < b.name ? -1 : 1))

const headerOf = (tensors: readonly LazyTensor[], metadata: Readonly<Record<string, string>>): Uint8Array => {
  let end = 0
  const entries = tensors.map((tensor) => {
    const start = end
    end += byteLength(tensor)
    return [tensor.name, { dtype: written[tensor.dtype].code, shape: tensor.shape, data_offsets: [start, end] }] as const
  })
  const described = Object.keys(metadata).length === 0 ? [] : [['__metadata__', metadata] as const]
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries([...described, ...entries])))
  const header = new Uint8Array(prefix + Math.ceil(text.length / 8) * 8).fill(0x20)
  header.set(text, prefix)
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - prefix), true)
  return header
}

/**
 * Encodes tensors as a safetensors file, each made when its turn comes: no two need be in memory at once.
 *
 * @param tensors in any order
 * @param metadata text by key, kept under `__metadata__`
 * @returns the pieces of the file, for `writeAtomically`
 */
export function* encodeLazily(tensors: readonly LazyTensor[], metadata: Readonly<Record<string, string>> = {}): Generator<Uint8Array> {
  const ordered = inFileOrder(tensors)
  yield headerOf(ordered, metadata)
  for (const { make } of ordered) yield encodeElements(make())
}

/**
 * Encodes tensors as a safetensors file, in pieces that need not be joined to be written.
 *
 * @param tensors by name
 * @param metadata text by key, kept under `__metadata__`
 * @example
 * import { encodeSafetensors } from '@grad-ts/files'
 * import { tensor } from '@grad-ts/tensor'
 * encodeSafetensors({ w: tensor([1, 2]) }).map(({ length }) => length) // => [64, 8]
 */
export const encodeSafetensors = (
  tensors: Readonly<Record<string, Constant>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] => [
  ...encodeLazily(
    Object.entries(tensors).map(([name, tensor]) => ({ name, shape: tensor.shape, dtype: tensor.dtype, make: () => tensor })),
    metadata,
  ),
]
