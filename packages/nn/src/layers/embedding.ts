import { add, cast, DTypeError, expandDims, gather, mul, notEqual, ShapeError, sin, sliceAxis, tensor, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Initializer } from '../initializers/initializer.ts'
import { normal, uniform } from '../initializers/simple.ts'
import { statefulLayer, statelessLayer } from '../layer.ts'
import type { Layer } from '../layer.ts'
import { checkSizes } from './checks.ts'
import type { Tree } from '@grad-ts/tree'

/** A row of numbers for every symbol. */
export type EmbeddingParams = { readonly table: Tensor }

/**
 * Looks rows up by number: `[…] → […, size]`.
 *
 * @param options.count how many symbols there are
 * @param options.size length of a row
 * @param options.paddingId the symbol that stands for padding; its row counts as zeros and does not learn
 * @param options.tableInit default: uniform within ±0.05
 * @returns a layer of int32 tensors of any shape, with the parameter `table` `[count, size]`
 * @throws {DTypeError} when x is not int32
 * @example
 * import { key, tensor } from '@grad-ts/tensor'
 * import { embedding } from '@grad-ts/nn'
 * const layer = embedding({ count: 100, size: 8 })
 * layer.apply(layer.init(key(0)), tensor([[1, 2, 3]], { dtype: 'int32' })).shape // => [1, 3, 8]
 */
export const embedding = ({
  count,
  size,
  paddingId,
  tableInit = uniform(),
}: {
  readonly count: number
  readonly size: number
  readonly paddingId?: number
  readonly tableInit?: Initializer
}): Layer<EmbeddingParams, null> => {
  checkSizes('embedding', { count, size })
  return statelessLayer<EmbeddingParams>({
    name: 'embedding',
    init: (key) => ({ table: tableInit(key, [count, size]) }),
    apply: ({ table }, x) => {
      if (x.dtype !== 'int32') throw new DTypeError('embedding', [x], "expected int32 numbers of symbols; make them with dtype 'int32'")
      const rows = gather(table, x)
      return paddingId === undefined ? rows : where(expandDims(notEqual(x, paddingId), -1), rows, 0)
    },
  })
}

const timeOf = (op: string, x: Tensor, size: number, longest = Infinity): number => {
  const [, time, features] = x.shape
  if (x.shape.length !== 3 || time === undefined || features !== size || time > longest)
    throw new ShapeError(op, [x], `expected x of shape [batch, time${longest === Infinity ? '' : ` ≤ ${longest}`}, ${size}]`)
  return time
}

/**
 * Adds a learned row to each step of a sequence `[batch, time, size]`, time at most `length`; parameter `table` `[length, size]`.
 * Where the context has positions, they choose the rows.
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { learnedPositions } from '@grad-ts/nn'
 * const layer = learnedPositions({ length: 64, size: 8 })
 * layer.apply(layer.init(key(0)), ones([2, 10, 8])).shape // => [2, 10, 8]
 */
export const learnedPositions = ({
  length,
  size,
  tableInit = normal({ stddev: 0.02 }),
}: {
  readonly length: number
  readonly size: number
  readonly tableInit?: Initializer
}): Layer<EmbeddingParams, null> => {
  checkSizes('learnedPositions', { length, size })
  return statelessLayer<EmbeddingParams>({
    name: 'learnedPositions',
    init: (key) => ({ table: tableInit(key, [length, size]) }),
    apply: ({ table }, x, { positions }) => {
      const end = timeOf('learnedPositions', x, size, length)
      return add(x, positions === undefined ? sliceAxis(table, 0, { end }) : gather(table, positions))
    },
  })
}

const frequencyOf = (feature: number, size: number): number => 10000 ** ((-2 * Math.floor(feature / 2)) / size)

/** Sines and cosines of falling frequency for each step, `[time, size]` (Vaswani et al., 2017, arXiv:1706.03762). */
const waves = (time: number, size: number): Tensor => {
  const elements = Float32Array.from({ length: time * size }, (_, i) => {
    const angle = Math.floor(i / size) * frequencyOf(i % size, size)
    return (i % size) % 2 === 0 ? Math.sin(angle) : Math.cos(angle)
  })
  return tensor(elements, { shape: [time, size] })
}

/** The same for positions of the graph `[batch, time]`: a cosine is a sine a quarter turn on. */
const wavesAt = (positions: Tensor, size: number): Tensor => {
  const features = Array.from({ length: size }, (_, feature) => feature)
  const frequencies = tensor(features.map((feature) => frequencyOf(feature, size)))
  const shifts = tensor(features.map((feature) => (feature % 2) * (Math.PI / 2)))
  return sin(add(mul(cast(expandDims(positions, -1), 'float32'), frequencies), shifts))
}

/**
 * Adds fixed sines and cosines to each step of a sequence `[batch, time, size]`, at the context's positions where it has any.
 *
 * @example
 * import { ones } from '@grad-ts/tensor'
 * import { sinusoidalPositions } from '@grad-ts/nn'
 * sinusoidalPositions({ size: 8 }).apply(null, ones([2, 10, 8])).shape // => [2, 10, 8]
 */
export const sinusoidalPositions = ({ size }: { readonly size: number }): Layer<null, null> =>
  statelessLayer<null>({
    name: 'sinusoidalPositions',
    init: () => null,
    apply: (_, x, { positions }) => {
      const time = timeOf('sinusoidalPositions', x, size)
      return add(x, cast(positions === undefined ? waves(time, size) : wavesAt(positions, size), x.dtype))
    },
  })

/**
 * Tells the layers inside which steps are real: those whose symbol is not the padding.
 *
 * @param inner takes int32 `[batch, time]`
 * @param paddingId default 0
 * @example
 * import { key, tensor } from '@grad-ts/tensor'
 * import { embedding, meanOverTime, sequential, withPaddingMask } from '@grad-ts/nn'
 * const model = withPaddingMask(sequential({ words: embedding({ count: 10, size: 4 }), pool: meanOverTime() }))
 * model.apply(model.init(key(0)), tensor([[5, 2, 0, 0]], { dtype: 'int32' })).shape // => [1, 4]
 */
export const withPaddingMask = <Params extends Tree<Tensor>, State extends Tree<Tensor>, Output>(
  inner: Layer<Params, State, Tensor, Output>,
  paddingId = 0,
): Layer<Params, State, Tensor, Output> =>
  statefulLayer<Params, State, Tensor, Output>({
    name: inner.name,
    init: (key) => inner.init(key),
    initState: () => inner.initState(),
    applyWithState: (params, state, x, context) => inner.applyWithState(params, state, x, { ...context, mask: notEqual(x, paddingId) }),
  })
