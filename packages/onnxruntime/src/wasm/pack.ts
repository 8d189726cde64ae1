import { concat, reshape, sizeOf } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'

/** Where a result of the session lies: in which of its outputs, from which element on. */
export interface Place {
  readonly index: number
  readonly offset: number
}

// An output costs some 2 µs, as much as to copy a few thousand numbers.
const largestPacked = 2048

const isSmall = ({ shape, dtype }: Tensor): boolean => dtype === 'float32' && sizeOf(shape) > 0 && sizeOf(shape) <= largestPacked

const flat = (x: Tensor): Tensor => (x.shape.length === 1 ? x : reshape(x, [sizeOf(x.shape)]))

/** Joins the small float32 results of a session to one output behind the others. */
export const packResults = (results: readonly Tensor[]): { readonly outputs: readonly Tensor[]; readonly places: readonly Place[] } => {
  const small = results.filter(isSmall)
  if (small.length < 2) return { outputs: results, places: results.map((_, index) => ({ index, offset: 0 })) }
  const outputs: Tensor[] = []
  let offset = 0
  const places = results.map((result): Place => {
    if (!isSmall(result)) return { index: outputs.push(result) - 1, offset: 0 }
    offset += sizeOf(result.shape)
    return { index: results.length - small.length, offset: offset - sizeOf(result.shape) }
  })
  return { outputs: [...outputs, concat(small.map(flat), 0)], places }
}
