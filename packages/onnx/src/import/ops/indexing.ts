import {
  add,
  broadcastTo,
  cast,
  concat,
  div,
  equal,
  expandDims,
  gather,
  less,
  logSoftmax,
  mul,
  reshape,
  sizeOf,
  squeeze,
  stridesOf,
  sum,
  takeAlongAxis,
  tensor,
  transpose,
  where,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { constantAt, fail, intAttribute, numberAt, optionalInt, stringAttribute, tensorAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { positionOf } from './layout.ts'

/** Negative indices count from the end of the axis. */
export const wrapped = (indices: Tensor, length: number): Tensor => {
  const integers = cast(indices, 'int32')
  if (integers.op === 'constant') {
    const { data } = (integers as Tensor<'constant'>).attributes
    return data.every((index) => index >= 0)
      ? integers
      : tensor(
          Int32Array.from(data, (index) => (index < 0 ? index + length : index)),
          { shape: integers.shape },
        )
  }
  return where(less(integers, 0), add(integers, length), integers)
}

const gathered: Converter = (call) => {
  const x = tensorAt(call, 0)
  const axis = positionOf(call, intAttribute(call, 'axis', 0), x.shape.length)
  return gather(x, wrapped(tensorAt(call, 1), x.shape[axis] as number), axis)
}

/** Indices shorter than the data along other axes read its first part. */
const trimTo = (x: Tensor, indices: Tensor, axis: number): Tensor =>
  x.shape.reduce((result, length, i) => {
    const kept = indices.shape[i] as number
    return i === axis || kept === length
      ? result
      : gather(
          result,
          tensor(
            Int32Array.from({ length: kept }, (_, k) => k),
            { shape: [kept] },
          ),
          i,
        )
  }, x)

const gatherElements: Converter = (call) => {
  const x = tensorAt(call, 0)
  const axis = positionOf(call, intAttribute(call, 'axis', 0), x.shape.length)
  const indices = wrapped(tensorAt(call, 1), x.shape[axis] as number)
  if (indices.shape.length !== x.shape.length) return fail(call, 'expected indices of the rank of the data')
  return takeAlongAxis(trimTo(x, indices, axis), indices, axis)
}

/** Turns the last axis of an index tensor into flat positions over the first axes of a shape. */
export const flatPlaces = (call: Call, indices: Tensor, lengths: readonly number[]): Tensor => {
  const depth = indices.shape.at(-1)
  if (depth === undefined || depth > lengths.length) return fail(call, `expected index tuples of at most ${lengths.length} numbers`)
  const indexed = lengths.slice(0, depth)
  const strides = stridesOf(indexed)
  const parts = indexed.map((length, i) => {
    const column = squeeze(gather(cast(indices, 'int32'), tensor(Int32Array.of(i), { shape: [1] }), indices.shape.length - 1), -1)
    return mul(wrapped(column, length), strides[i] as number)
  })
  return parts.length === 0
    ? tensor(new Int32Array(sizeOf(indices.shape.slice(0, -1))), { shape: indices.shape.slice(0, -1) })
    : parts.reduce((x, y) => add(x, y))
}

/** `batch_dims` joins the leading axes of data and indices into the tuples. */
const withBatchAxes = (indices: Tensor, batch: number): Tensor => {
  if (batch === 0) return indices
  const lead = indices.shape.slice(0, -1)
  const columns = Array.from({ length: batch }, (_, axis) => {
    const counts = tensor(
      Int32Array.from({ length: lead[axis] as number }, (_unused, i) => i),
      { shape: lead.map((length, i) => (i === axis ? length : 1)) },
    )
    return expandDims(broadcastTo(counts, lead), -1)
  })
  return concat([...columns, cast(indices, 'int32')], indices.shape.length - 1)
}

const gatherND: Converter = (call) => {
  const x = tensorAt(call, 0)
  const indices = withBatchAxes(tensorAt(call, 1), intAttribute(call, 'batch_dims', 0))
  const depth = indices.shape.at(-1) ?? 0
  const rest = x.shape.slice(depth)
  const flat = reshape(x, [sizeOf(x.shape.slice(0, depth)), ...rest])
  return gather(flat, flatPlaces(call, indices, x.shape))
}

const hot: Converter = (call) => {
  const indices = tensorAt(call, 0)
  const depth = numberAt(call, 1)
  const values = tensorAt(call, 2)
  const rank = indices.shape.length + 1
  const axis = positionOf(call, intAttribute(call, 'axis', -1), rank)
  const counts = tensor(
    Int32Array.from({ length: depth }, (_, i) => i),
    { shape: Array.from({ length: rank }, (_, i) => (i === axis ? depth : 1)) },
  )
  const at = equal(expandDims(wrapped(indices, depth), axis), counts)
  const [off, on] = [0, 1].map((i) => reshape(gather(values, tensor(Int32Array.of(i), { shape: [1] })), [])) as [Tensor, Tensor]
  return where(at, on, off)
}

const compressed: Converter = (call) => {
  const x = tensorAt(call, 0)
  const kept = [...constantAt(call, 1).attributes.data.entries()].filter(([, keep]) => keep !== 0).map(([i]) => i)
  const axis = optionalInt(call, 'axis')
  const places = tensor(Int32Array.from(kept), { shape: [kept.length] })
  return axis === undefined ? gather(reshape(x, [-1]), places) : gather(x, places, axis)
}

/** Moves the classes of scores `[N, C, …]` to the last axis. */
const classesLast = (x: Tensor): Tensor => transpose(x, [0, ...[...x.shape.keys()].slice(2), 1])

const pickedLogits = (call: Call, given: Tensor): readonly [Tensor, Tensor] => {
  const scores = classesLast(given)
  const labels = cast(tensorAt(call, 1), 'int32')
  const ignored = optionalInt(call, 'ignore_index')
  const safe = ignored === undefined ? labels : where(equal(labels, ignored), 0, labels)
  const picked = squeeze(takeAlongAxis(scores, expandDims(safe, -1), -1), -1)
  const classWeights = call.values[2] === undefined ? undefined : gather(tensorAt(call, 2), safe)
  const ones = classWeights ?? cast(equal(safe, safe), scores.dtype)
  return [picked, ignored === undefined ? ones : where(equal(labels, ignored), 0, ones)]
}

/** Means over a batch, weighted by class. */
const lossOf = (call: Call, logProbabilities: Tensor): Tensor => {
  const [picked, weights] = pickedLogits(call, logProbabilities)
  const losses = mul(mul(picked, weights), -1)
  const reduction = stringAttribute(call, 'reduction', 'mean')
  if (reduction === 'none') return losses
  return reduction === 'sum' ? sum(losses) : div(sum(losses), sum(weights))
}

const crossEntropy: Converter = (call) => {
  const logProbabilities = logSoftmax(tensorAt(call, 0), 1)
  return [lossOf(call, logProbabilities), logProbabilities]
}

/** Operators that read or write at positions given by a tensor. */
export const indexing: Readonly<Record<string, Converter>> = {
  Compress: compressed,
  Gather: gathered,
  GatherElements: gatherElements,
  GatherND: gatherND,
  NegativeLogLikelihoodLoss: (call) => lossOf(call, tensorAt(call, 0)),
  OneHot: hot,
  SoftmaxCrossEntropyLoss: crossEntropy,
}
