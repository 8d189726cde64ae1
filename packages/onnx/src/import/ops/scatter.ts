import {
  add,
  arange,
  broadcastTo,
  cast,
  equal,
  expandDims,
  isFloat,
  max,
  maximum,
  min,
  minimum,
  mod,
  mul,
  not,
  pad,
  prod,
  reshape,
  scatterAdd,
  scatterAddAlong,
  sizeOf,
  tensor,
  where,
} from '@grad-ts/tensor'
import type { ReduceOptions, Tensor } from '@grad-ts/tensor'
import { fail, intAttribute, optionalAt, stringAttribute, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { flatPlaces, wrapped } from './indexing.ts'
import { positionOf } from './layout.ts'
import { checkShape } from './shape.ts'

/** How updates that meet at a place join it. */
interface Reduction {
  readonly combine: (x: Tensor, y: Tensor) => Tensor
  readonly over: (x: Tensor, options: ReduceOptions) => Tensor
  /** What changes nothing, for floats and for integers. */
  readonly neutral: readonly [number, number]
}

const reductions: Readonly<Record<string, Reduction>> = {
  max: { combine: maximum, over: max, neutral: [Number.NEGATIVE_INFINITY, -(2 ** 31)] },
  min: { combine: minimum, over: min, neutral: [Number.POSITIVE_INFINITY, 2 ** 31 - 1] },
  mul: { combine: mul, over: prod, neutral: [1, 1] },
}

const reductionOf = (call: Call): string => stringAttribute(call, 'reduction', 'none')

const knownReduction = (call: Call, name: string): Reduction =>
  reductions[name] ?? fail(call, `reduction '${name}' is not known; expected none, add, mul, max or min`)

/** Compares every place with every update: `hits` says where an update belongs, along `axis + 1`. */
const meet = (call: Call, x: Tensor, hits: Tensor, updates: Tensor, axis: number): Tensor => {
  const { combine, over, neutral } = knownReduction(call, reductionOf(call))
  checkShape(call, [...x.shape, updates.shape[axis + 1] ?? 1])
  const nothing = tensor(neutral[isFloat(x.dtype) ? 0 : 1], { dtype: x.dtype })
  return combine(x, over(where(hits, updates, nothing), { axes: axis + 1 }))
}

const onesOf = (like: Tensor): Tensor => broadcastTo(tensor(Int32Array.of(1), { shape: [] }), like.shape)

/** A scatter into zeros, applied to updates and to ones, gives both replacement and addition. */
const written = (call: Call, x: Tensor, updates: Tensor, scatter: (values: Tensor) => Tensor): Tensor => {
  if (reductionOf(call) === 'add') return add(x, scatter(updates))
  const values = x.dtype === 'bool' ? cast(scatter(cast(updates, 'int32')), 'bool') : scatter(updates)
  return where(not(equal(scatter(onesOf(updates)), 0)), values, x)
}

const isPlain = (call: Call): boolean => ['none', 'add'].includes(reductionOf(call))

/** Updates that do not reach to the end of the other axes are filled up; an index of −1 belongs nowhere. */
const filled = (part: Tensor, x: Tensor, axis: number, value: number): Tensor =>
  pad(
    part,
    part.shape.map((length, i) => [0, i === axis ? 0 : (x.shape[i] as number) - length] as const),
    value,
  )

const reducedElements = (call: Call, x: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor => {
  const [at, values] = [filled(indices, x, axis, -1), filled(updates, x, axis, 0)]
  const places = reshape(arange(x.shape[axis] as number), [
    ...x.shape.map((length, i) => (i === axis ? length : 1)).slice(0, axis + 1),
    1,
    ...x.shape.slice(axis + 1).map(() => 1),
  ])
  return meet(call, x, equal(expandDims(at, axis), places), expandDims(values, axis), axis)
}

/** Places of single elements in the flat data. */
const elementPlaces = (x: Tensor, indices: Tensor, axis: number): Tensor => {
  const places = indices.shape.map((size, i) => {
    const along =
      i === axis
        ? indices
        : reshape(
            arange(size),
            indices.shape.map((_, k) => (k === i ? size : 1)),
          )
    return mul(along, sizeOf(x.shape.slice(i + 1)))
  })
  return reshape(
    broadcastTo(
      places.reduce((a, b) => add(a, b)),
      indices.shape,
    ),
    [-1],
  )
}

/** Scatters along an axis; updates smaller than the data fill its first part. */
const scatterElements: Converter = (call) => {
  const [x, updates] = [tensorAt(call, 0), tensorAt(call, 2)]
  const axis = positionOf(call, intAttribute(call, 'axis', 0), x.shape.length)
  const length = x.shape[axis] as number
  const indices = wrapped(tensorAt(call, 1), length)
  if (indices.shape.length !== x.shape.length) return fail(call, 'expected indices of the rank of the data')
  if (!isPlain(call)) return reducedElements(call, x, indices, updates, axis)
  if (indices.shape.every((size, i) => i === axis || size === x.shape[i]))
    return written(call, x, updates, (values) => scatterAddAlong(values, indices, { axis, length }))
  const flat = elementPlaces(x, indices, axis)
  return written(call, x, updates, (values) => reshape(scatterAdd(reshape(values, [-1]), flat, { length: sizeOf(x.shape) }), x.shape))
}

/** Scatters whole slices at the places that index tuples name. */
const scatterND: Converter = (call) => {
  const [x, indices, updates] = [tensorAt(call, 0), tensorAt(call, 1), tensorAt(call, 2)]
  const depth = indices.shape.at(-1) ?? 0
  const [count, rest] = [sizeOf(x.shape.slice(0, depth)), x.shape.slice(depth)]
  const places = reshape(flatPlaces(call, indices, x.shape), [-1])
  const rows = (values: Tensor): Tensor => reshape(values, [places.shape[0] as number, ...rest])
  if (isPlain(call)) return written(call, x, updates, (values) => reshape(scatterAdd(rows(values), places, { length: count }), x.shape))
  const width = sizeOf(rest)
  const hits = equal(reshape(arange(count), [count, 1, 1]), reshape(places, [1, -1, 1]))
  const slices = reshape(updates, [1, places.shape[0] as number, width])
  return reshape(meet(call, reshape(x, [count, width]), hits, slices, 0), x.shape)
}

/** Puts the steps of an update into a cache, for each of the batch from a place of its own on. */
const tensorScatter: Converter = (call) => {
  const [cache, update, starts] = [tensorAt(call, 0), tensorAt(call, 1), optionalAt(call, 2)]
  const axis = positionOf(call, intAttribute(call, 'axis', -2), cache.shape.length)
  const length = cache.shape[axis] as number
  const beside = (x: Tensor, at: number): Tensor =>
    reshape(
      x,
      cache.shape.map((_, i) => (i === at ? -1 : 1)),
    )
  const steps = beside(arange(update.shape[axis] as number), axis)
  const shifted = starts === undefined ? steps : add(steps, beside(cast(starts, 'int32'), 0))
  const places = broadcastTo(stringAttribute(call, 'mode', 'linear') === 'circular' ? mod(shifted, length) : shifted, update.shape)
  return written(call, cache, update, (values) => scatterAddAlong(values, places, { axis, length }))
}

/** Operators that write at positions given by a tensor. */
export const scatters: Readonly<Record<string, Converter>> = {
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  TensorScatter: tensorScatter,
}
