import { allocate, settle } from '../dtype.ts'
import { indices, sizeOf, stridesOf } from '../shape.ts'
import type { ReduceAttributes } from './attributes.ts'
import { axisInRange, numeric } from './check.ts'
import type { OperandType, OpRule, OpRules, Value } from './rule.ts'

export const reducedShape = (shape: readonly number[], axes: readonly number[], keepDims: boolean): number[] =>
  keepDims ? shape.map((length, axis) => (axes.includes(axis) ? 1 : length)) : shape.filter((_, axis) => !axes.includes(axis))

const pick = (values: readonly number[], axes: readonly number[], inside: boolean): number[] =>
  values.filter((_, axis) => axes.includes(axis) === inside)

/** Splits the elements into the groups that a reduction joins: where each group starts, and the offsets inside it. */
const groups = (shape: readonly number[], axes: readonly number[]): { starts: Int32Array; offsets: Int32Array } => {
  const strides = stridesOf(shape)
  return {
    starts: indices(pick(shape, axes, false), pick(strides, axes, false)),
    offsets: indices(pick(shape, axes, true), pick(strides, axes, true)),
  }
}

const reduction = (
  op: 'sum' | 'max' | 'min' | 'prod',
  initial: number,
  fn: (result: number, x: number) => number,
): OpRule<ReduceAttributes> => ({
  infer: (inputs, { axes, keepDims }) => {
    const [x] = inputs as [OperandType]
    numeric(op, inputs)
    for (const axis of axes) axisInRange(op, inputs, axis, x.shape.length)
    return { shape: reducedShape(x.shape, axes, keepDims), dtype: x.dtype }
  },
  evaluate: ([x], { axes }, { dtype }) => {
    const { data, shape } = x as Value
    const { starts, offsets } = groups(shape, axes)
    const result = allocate(dtype, starts.length)
    for (let i = 0; i < starts.length; i++) {
      let accumulated = initial
      for (let j = 0; j < offsets.length; j++) accumulated = fn(accumulated, data[(starts[i] as number) + (offsets[j] as number)] as number)
      result[i] = accumulated
    }
    return settle(dtype, result)
  },
})

const argument = (
  op: 'argMax' | 'argMin',
  better: (a: number, b: number) => boolean,
): OpRule<{ readonly axis: number; readonly keepDims: boolean }> => ({
  infer: (inputs, { axis, keepDims }) => {
    const [x] = inputs as [OperandType]
    numeric(op, inputs)
    axisInRange(op, inputs, axis, x.shape.length)
    return { shape: reducedShape(x.shape, [axis], keepDims), dtype: 'int32' }
  },
  evaluate: ([x], { axis }) => {
    const { data, shape } = x as Value
    const { starts, offsets } = groups(shape, [axis])
    return Int32Array.from(starts, (start) => {
      let best = 0
      for (let j = 1; j < offsets.length; j++)
        if (better(data[start + (offsets[j] as number)] as number, data[start + (offsets[best] as number)] as number)) best = j
      return best
    })
  },
})

export const reductions: OpRules<'sum' | 'max' | 'min' | 'prod' | 'argMax' | 'argMin' | 'cumsum'> = {
  sum: reduction('sum', 0, (a, b) => a + b),
  max: reduction('max', -Infinity, Math.max),
  min: reduction('min', Infinity, Math.min),
  prod: reduction('prod', 1, (a, b) => a * b),
  argMax: argument('argMax', (a, b) => a > b),
  argMin: argument('argMin', (a, b) => a < b),
  cumsum: {
    infer: (inputs, { axis }) => {
      const [x] = inputs as [OperandType]
      numeric('cumsum', inputs)
      axisInRange('cumsum', inputs, axis, x.shape.length)
      return x
    },
    evaluate: ([x], { axis, exclusive, reverse }, { dtype }) => {
      const { data, shape } = x as Value
      const { starts, offsets } = groups(shape, [axis])
      const result = allocate(dtype, sizeOf(shape))
      for (const start of starts) {
        let running = 0
        for (let j = 0; j < offsets.length; j++) {
          const at = start + (offsets[reverse ? offsets.length - 1 - j : j] as number)
          const before = running
          running += data[at] as number
          result[at] = exclusive ? before : running
        }
      }
      return settle(dtype, result)
    },
  },
}
