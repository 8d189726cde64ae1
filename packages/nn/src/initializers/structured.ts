import {
  add,
  argSort,
  cast,
  concat,
  div,
  eye,
  greaterEqual,
  matmul,
  mul,
  norm,
  normal,
  reshape,
  scan,
  sizeOf,
  sliceAxis,
  splitKey,
  sub,
  tensor,
  transpose,
  uniform,
  zeros,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { LayerError } from '../errors.ts'
import type { Initializer } from './initializer.ts'

/** What is left of rows after taking away their parts along the rows of a basis. */
const rejected = (rows: Tensor, basis: Tensor): Tensor => sub(rows, matmul(matmul(rows, basis, { transposeB: true }), basis))

// Twice, because in float32 the first time leaves rounding errors of the size of what it takes away.
const rejectedTwice = (rows: Tensor, basis: Tensor): Tensor => rejected(rejected(rows, basis), basis)

/** Makes a few rows orthonormal, one after the other. */
const orthonormalBlock = (x: Tensor): Tensor => {
  const [rows, columns] = x.shape as [number, number]
  const step = (basis: Tensor, { row, place }: { readonly row: Tensor; readonly place: Tensor }): readonly [Tensor, Tensor] => {
    const direction = rejectedTwice(reshape(row, [1, columns]), basis)
    const unit = div(direction, norm(direction))
    return [add(basis, mul(reshape(place, [rows, 1]), unit)), reshape(unit, [columns])]
  }
  return scan(step, zeros([rows, columns], x.dtype), { row: x, place: eye(rows, x.dtype) })[1]
}

// Rows that are made orthonormal together, so that most of the work is products of large matrices.
const blockSize = 32

/** Makes the rows of a wide (or square) matrix orthonormal (Gram and Schmidt). */
const orthonormalRows = (x: Tensor): Tensor => {
  const [rows] = x.shape as [number, number]
  const starts = Array.from({ length: Math.ceil(rows / blockSize) }, (_, i) => i * blockSize)
  return starts.slice(1).reduce(
    (done, start) => {
      const block = sliceAxis(x, 0, { start, end: start + blockSize })
      return concat([done, orthonormalBlock(rejectedTwice(block, done))])
    },
    orthonormalBlock(sliceAxis(x, 0, { end: blockSize })),
  )
}

/**
 * A random matrix with orthonormal rows or columns, whichever are fewer: it keeps lengths. Axes but the last (or the one given as `outAxis`
 * when that is the first) count as one.
 *
 * @param options.gain factor, default 1
 * @example
 * import { key } from '@grad-ts/tensor'
 * import { orthogonal } from '@grad-ts/nn'
 * orthogonal()(key(0), [64, 32]).shape // => [64, 32]
 * @see Saxe et al., Exact solutions to the nonlinear dynamics of learning in deep linear neural networks, 2013, arXiv:1312.6120
 */
export const orthogonal =
  ({ gain = 1 }: { readonly gain?: number } = {}): Initializer =>
  (key, shape, { dtype = 'float32', outAxis = -1 } = {}) => {
    if (shape.length < 2) throw new LayerError('orthogonal', `expected a shape of at least two axes, got [${shape.join(', ')}]`)
    const first = outAxis === 0
    const out = first ? (shape[0] as number) : (shape.at(-1) as number)
    const rest = sizeOf(shape) / out
    const wide = orthonormalRows(normal(key, [Math.min(out, rest), Math.max(out, rest)], { dtype }))
    // `wide` has the fewer of outputs and inputs as rows; the kernel wants the outputs where they belong.
    const matrix = out <= rest === first ? wide : transpose(wide)
    return mul(reshape(matrix, shape), gain)
  }

/**
 * The identity matrix (times `gain`), with zeros where the shape is not square: a layer that starts by passing its input on.
 *
 * @example
 * import { key, toArray } from '@grad-ts/tensor'
 * import { identityMatrix } from '@grad-ts/nn'
 * toArray(identityMatrix()(key(0), [2, 2])) // => [[1, 0], [0, 1]]
 */
export const identityMatrix =
  ({ gain = 1 }: { readonly gain?: number } = {}): Initializer =>
  (_, shape, { dtype = 'float32' } = {}) => {
    const [rows, columns] = shape
    if (rows === undefined || columns === undefined || shape.length !== 2)
      throw new LayerError('identityMatrix', `expected a shape of two axes, got [${shape.join(', ')}]`)
    const elements = Float64Array.from({ length: rows * columns }, (__, i) => (Math.floor(i / columns) === i % columns ? gain : 0))
    return cast(tensor(elements, { shape }), dtype)
  }

/**
 * A convolution kernel `[out, in, …]` that passes each input channel on: 1 in the middle where out = in, otherwise 0.
 *
 * @example
 * import { key, toArray } from '@grad-ts/tensor'
 * import { dirac } from '@grad-ts/nn'
 * toArray(dirac(key(0), [1, 1, 3])) // => [[[0, 1, 0]]]
 */
export const dirac: Initializer = (_, shape, { dtype = 'float32' } = {}) => {
  const [out, inputs, ...kernel] = shape
  if (out === undefined || inputs === undefined || kernel.length === 0)
    throw new LayerError('dirac', `expected a kernel shape [out, in, …], got [${shape.join(', ')}]`)
  const size = sizeOf(kernel)
  const middle = kernel.reduce((position, length) => position * length + Math.floor(length / 2), 0)
  const elements = new Float64Array(sizeOf(shape))
  for (let i = 0; i < Math.min(out, inputs); i++) elements[(i * inputs + i) * size + middle] = 1
  return cast(tensor(elements, { shape }), dtype)
}

/**
 * A matrix of normal numbers in whose every column a share of the elements is 0 (Martens, 2010).
 *
 * @param options.sparsity the share of zeros
 * @param options.stddev default 0.01
 * @example
 * import { key } from '@grad-ts/tensor'
 * import { sparse } from '@grad-ts/nn'
 * sparse({ sparsity: 0.5 })(key(0), [4, 3]).shape // => [4, 3]
 */
export const sparse =
  ({ sparsity, stddev = 0.01 }: { readonly sparsity: number; readonly stddev?: number }): Initializer =>
  (key, shape, { dtype = 'float32' } = {}) => {
    if (shape.length !== 2) throw new LayerError('sparse', `expected a shape of two axes, got [${shape.join(', ')}]`)
    const [valueKey, placeKey] = splitKey(key)
    const ranks = argSort(uniform(placeKey, shape), { axis: 0 })
    const kept = greaterEqual(ranks, Math.ceil(sparsity * (shape[0] as number)))
    return mul(normal(valueKey, shape, { stddev, dtype }), cast(kept, dtype))
  }
