import {
  abs,
  argMax,
  argMin,
  cast,
  cumprod,
  cumsum,
  equal,
  flip,
  isFloat,
  log,
  logSoftmax,
  logSumExp,
  max,
  mean,
  min,
  pad,
  prod,
  reshape,
  sizeOf,
  sliceAxis,
  softmax,
  sqrt,
  square,
  sub,
  sum,
  topK,
} from '@grad-ts/tensor'
import type { ReduceOptions, Tensor } from '@grad-ts/tensor'
import { intAttribute, intsAttribute, numberAt, optionalNumbersAt, tensorAt } from '../call.ts'
import type { Converter } from '../call.ts'
import { positionOf } from './layout.ts'

/** Axes are an input since opset 18, for sums since 13; an empty list means all axes, or none where the node says so. */
const reduction =
  (since: number, fn: (x: Tensor, options: ReduceOptions) => Tensor): Converter =>
  (call) => {
    const x = tensorAt(call, 0)
    const axes = call.opset >= since ? optionalNumbersAt(call, 1) : intsAttribute(call, 'axes')
    const keepDims = intAttribute(call, 'keepdims', 1) === 1
    if (axes !== undefined && axes.length > 0) return fn(x, { axes, keepDims })
    return intAttribute(call, 'noop_with_empty_axes', 0) === 1 ? fn(x, { axes: [], keepDims }) : fn(x, { keepDims })
  }

// Means of integers round toward zero.
const integerMean = (x: Tensor, options: ReduceOptions): Tensor =>
  isFloat(x.dtype) ? mean(x, options) : cast(mean(cast(x, 'float64'), options), x.dtype)

const extreme =
  (fn: (x: Tensor, options: ReduceOptions) => Tensor) =>
  (x: Tensor, options: ReduceOptions): Tensor =>
    x.dtype === 'bool' ? cast(fn(cast(x, 'int32'), options), 'bool') : fn(x, options)

const position =
  (fn: typeof argMax): Converter =>
  (call) => {
    const x = tensorAt(call, 0)
    const axis = positionOf(call, intAttribute(call, 'axis', 0), x.shape.length)
    const keepDims = intAttribute(call, 'keepdims', 1) === 1
    if (intAttribute(call, 'select_last_index', 0) === 0) return fn(x, { axis, keepDims })
    return sub((x.shape[axis] as number) - 1, fn(flip(x, axis), { axis, keepDims }))
  }

const running: Converter = (call) =>
  cumsum(tensorAt(call, 0), {
    axis: numberAt(call, 1),
    exclusive: intAttribute(call, 'exclusive', 0) === 1,
    reverse: intAttribute(call, 'reverse', 0) === 1,
  })

const runningProduct: Converter = (call) => {
  const given = tensorAt(call, 0)
  const axis = positionOf(call, numberAt(call, 1), given.shape.length)
  const turn = (x: Tensor): Tensor => (intAttribute(call, 'reverse', 0) === 1 ? flip(x, axis) : x)
  const x = turn(given)
  if (intAttribute(call, 'exclusive', 0) === 0) return turn(cumprod(x, axis))
  const earlier = sliceAxis(x, axis, { end: (x.shape[axis] as number) - 1 })
  const widths = x.shape.map((_, i) => [i === axis ? 1 : 0, 0] as const)
  return turn(cumprod(pad(earlier, widths, 1), axis))
}

/** Before opset 13 everything from the axis on was one long axis. */
const alongOneAxis =
  (fn: (x: Tensor, axis: number) => Tensor): Converter =>
  (call) => {
    const x = tensorAt(call, 0)
    if (call.opset >= 13) return fn(x, positionOf(call, intAttribute(call, 'axis', -1), x.shape.length))
    const axis = positionOf(call, intAttribute(call, 'axis', 1), x.shape.length + 1)
    if (axis === x.shape.length - 1) return fn(x, axis)
    return reshape(fn(reshape(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]), 1), x.shape)
  }

const hardmax = (x: Tensor, axis: number): Tensor => {
  const largest = argMax(x, { axis, keepDims: true })
  const places = cumsum(cast(equal(x, x), 'int32'), { axis, exclusive: true })
  return cast(equal(places, largest), x.dtype)
}

/** The k largest (or smallest) in order; k became an input in opset 10. */
const best: Converter = (call) => {
  const x = tensorAt(call, 0)
  const axis = positionOf(call, intAttribute(call, 'axis', -1), x.shape.length)
  const k = call.opset >= 10 ? numberAt(call, 1) : intAttribute(call, 'k', 1)
  const { values, indices } = topK(x, k, { axis, largest: intAttribute(call, 'largest', 1) === 1 })
  return [values, indices]
}

/** Reductions, sums along axes and what is made of them. */
export const reductions: Readonly<Record<string, Converter>> = {
  ArgMax: position(argMax),
  ArgMin: position(argMin),
  CumProd: runningProduct,
  CumSum: running,
  Hardmax: alongOneAxis(hardmax),
  LogSoftmax: alongOneAxis(logSoftmax),
  ReduceL1: reduction(18, (x, options) => sum(abs(x), options)),
  ReduceL2: reduction(18, (x, options) => sqrt(sum(square(x), options))),
  ReduceLogSum: reduction(18, (x, options) => log(sum(x, options))),
  ReduceLogSumExp: reduction(18, logSumExp),
  ReduceMax: reduction(18, extreme(max)),
  ReduceMean: reduction(18, integerMean),
  ReduceMin: reduction(18, extreme(min)),
  ReduceProd: reduction(18, prod),
  ReduceSum: reduction(13, sum),
  ReduceSumSquare: reduction(18, (x, options) => sum(square(x), options)),
  Softmax: alongOneAxis(softmax),
  TopK: best,
}
