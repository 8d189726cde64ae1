import type { Constant } from '@grad-ts/tensor'
import { encodeElements, written } from './element-types.ts'
import { prefix } from './header.ts'

/** Wide elements first, so that every tensor starts on a multiple of its element size. */
const inFileOrder = (tensors: Readonly<Record<string, Constant>>): [string, Constant][] =>
  Object.entries(tensors).sort(([a, left], [b, right]) => written[right.dtype].size - written[left.dtype].size || (a < b ? -1 : 1))

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
): Uint8Array[] => {
  const header: Record<string, unknown> = Object.keys(metadata).length === 0 ? {} : { __metadata__: metadata }
  const pieces: Uint8Array[] = []
  let offset = 0
  for (const [name, tensor] of inFileOrder(tensors)) {
    const bytes = encodeElements(tensor)
    header[name] = { dtype: written[tensor.dtype].code, shape: tensor.shape, data_offsets: [offset, offset + bytes.length] }
    pieces.push(bytes)
    offset += bytes.length
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const start = new Uint8Array(prefix + Math.ceil(text.length / 8) * 8).fill(0x20)
  start.set(text, prefix)
  new DataView(start.buffer).setBigUint64(0, BigInt(start.length - prefix), true)
  return [start, ...pieces]
}
