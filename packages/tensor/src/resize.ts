import { tensor } from './create.ts'
import { bufferFrom } from './dtype.ts'
import { ShapeError } from './errors.ts'
import { gather } from './indexing.ts'
import { broadcastTo, reshape } from './layout.ts'
import { applyAlong } from './linear.ts'
import type { Shape } from './shape.ts'
import type { Tensor } from './tensor.ts'

export interface ResizeOptions {
  /** `nearest` repeats elements, `linear` and `cubic` (a = −0.75) interpolate. Default nearest. */
  readonly mode?: 'nearest' | 'nearestExact' | 'linear' | 'cubic'
  /** Puts the first and last elements on the corners instead of the elements' middles half a step inside. Default false. */
  readonly alignCorners?: boolean
  /** Result length per source length, for where it is not exactly the ratio of the lengths. */
  readonly scales?: readonly number[]
}

type Weights = readonly (readonly [place: number, weight: number])[]

const kernel = (distance: number): number => {
  const [x, a] = [Math.abs(distance), -0.75]
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0
}

const linearWeights = (source: number): Weights => {
  const at = Math.max(source, 0)
  const low = Math.floor(at)
  return [
    [low, 1 - (at - low)],
    [low + 1, at - low],
  ]
}

const cubicWeights = (source: number): Weights =>
  [-1, 0, 1, 2].map((step) => [Math.floor(source) + step, kernel(source - Math.floor(source) - step)] as const)

/** The matrix `[count, length]` that interpolates one axis; weights beyond an end fall on the last element. */
const interpolation = (length: number, count: number, scale: number, mode: 'linear' | 'cubic', alignCorners: boolean): Tensor => {
  const matrix = new Float64Array(count * length)
  for (let i = 0; i < count; i++) {
    const source = alignCorners ? (count > 1 ? (i * (length - 1)) / (count - 1) : 0) : (i + 0.5) / scale - 0.5
    for (const [place, weight] of mode === 'linear' ? linearWeights(source) : cubicWeights(source))
      matrix[i * length + Math.min(Math.max(place, 0), length - 1)]! += weight
  }
  return tensor(matrix, { shape: [count, length] })
}

const repeated = (x: Tensor, axis: number, count: number): Tensor => {
  const apart = [...x.shape.slice(0, axis + 1), count, ...x.shape.slice(axis + 1)]
  const joined = x.shape.map((length, i) => (i === axis ? length * count : length))
  return reshape(broadcastTo(reshape(x, [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)]), apart), joined)
}

const nearest = (x: Tensor, axis: number, count: number, scale: number, offset: number): Tensor => {
  const length = x.shape[axis] as number
  if (scale === count / length && Number.isInteger(scale)) return repeated(x, axis, scale)
  const places = Array.from({ length: count }, (_, i) => Math.min(Math.floor((i + offset) / scale), length - 1))
  return gather(x, tensor(bufferFrom('int32', places), { dtype: 'int32' }), axis)
}

/**
 * Changes the spatial lengths by repeating or interpolating elements.
 *
 * @param x float `[batch, channels, …spatial]`
 * @param sizes the new spatial lengths, static
 * @example
 * import { resize, tensor, toArray } from '@grad-ts/tensor'
 * toArray(resize(tensor([[[1, 2]]]), [4])) // => [[[1, 1, 2, 2]]]
 */
export const resize = (x: Tensor, sizes: Shape, { mode = 'nearest', alignCorners = false, scales }: ResizeOptions = {}): Tensor => {
  if (sizes.length !== x.shape.length - 2)
    throw new ShapeError('resize', [x], `expected ${x.shape.length - 2} spatial lengths for x [batch, channels, …], got ${sizes.length}`)
  return sizes.reduce((result, count, i) => {
    const axis = i + 2
    const length = x.shape[axis] as number
    const scale = scales?.[i] ?? count / length
    if (mode === 'linear' || mode === 'cubic')
      return count === length && (alignCorners || scale === 1)
        ? result
        : applyAlong(result, axis, interpolation(length, count, scale, mode, alignCorners))
    return nearest(result, axis, count, scale, mode === 'nearest' ? 0 : 0.5)
  }, x)
}
