import type { Constant } from '@grad-ts/tensor'
import { bytesNeeded } from '../import/elements.ts'
import type { OnnxModel } from '../import/types.ts'
import { storedWeights } from '../import/weights.ts'
import { allElements, newElements, withElements, withOutside } from './tensor.ts'
import type { Replace } from './weights.ts'

/** A weight in a file beside the model; its bytes are made when they are written. */
interface Chunk {
  readonly location: string
  readonly offset: number
  readonly bytes: () => Uint8Array
}

/** Weights that leave a model for files beside it. */
export interface Beside {
  readonly replace: Replace
  readonly chunks: readonly Chunk[]
}

// Weights start at whole pages, so that a runtime can map them into memory.
const page = 4096

/** How many bytes all weights of a model take in a file. */
export const weightBytes = ({ source }: OnnxModel): number =>
  [...storedWeights(source.stored.graph).values()].reduce((total, stored) => total + bytesNeeded(stored), 0)

/** Where the next weight goes: behind the last one, or into a new file when this one would get too long. */
const placing = (name: string, longest: number): ((length: number) => { readonly location: string; readonly offset: number }) => {
  let file = 0
  let end = 0
  return (length) => {
    const next = Math.ceil(end / page) * page
    const isFull = next > 0 && next + length > longest
    if (isFull) file++
    const offset = isFull ? 0 : next
    end = offset + length
    return { location: file === 0 ? name : `${name}.${file}`, offset }
  }
}

/**
 * Collects the weights of at least so many bytes for files beside the model.
 *
 * @param name of the first file; others have a number behind it
 * @param longest a file may get, unless one weight alone is longer
 */
export const besides = (model: OnnxModel, values: ReadonlyMap<string, Constant>, name: string, from: number, longest: number): Beside => {
  const chunks: Chunk[] = []
  const place = placing(name, longest)
  const replace: Replace = (held) => {
    const { stored, message, isInitializer } = held
    const length = bytesNeeded(stored)
    const moved = isInitializer && length >= from ? allElements(model.source, values, held) : undefined
    if (moved !== undefined) {
      const at = place(length)
      chunks.push({ ...at, bytes: moved })
      return withOutside(message, { ...at, length })
    }
    const elements = newElements(model.source, values, held)
    return elements === undefined ? undefined : withElements(message, elements())
  }
  return { replace, chunks }
}
