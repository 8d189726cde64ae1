import { ShapeError } from '../errors.ts'
import { allocate } from '../dtype.ts'
import { indices, sizeOf, stridesOf } from '../shape.ts'
import { axisInRange, numeric } from './check.ts'
import type { OperandType, OpRules, Value } from './rule.ts'

/** Orders numbers with NaN as the largest, equal ones by position. */
const ascending = (a: number, b: number): number => {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  return a < b ? -1 : Number(a > b)
}

export const sortRules: OpRules<'topK'> = {
  topK: {
    infer: (inputs, { k, axis }) => {
      const [x] = inputs as [OperandType]
      numeric('topK', inputs)
      axisInRange('topK', inputs, axis, x.shape.length)
      const length = x.shape[axis] as number
      if (!Number.isInteger(k) || k < 0 || k > length)
        throw new ShapeError('topK', inputs, `expected k from 0 to ${length}, the length of axis ${axis}, got ${k}`)
      return { shape: x.shape.map((size, i) => (i === axis ? k : size)), dtype: 'int32' }
    },
    evaluate: ([x], { k, axis, largest }) => {
      const { data, shape } = x as Value
      const strides = stridesOf(shape)
      const stride = strides[axis] as number
      const starts = indices(
        shape.map((length, i) => (i === axis ? 1 : length)),
        strides,
      )
      const places = indices(
        shape.map((_, i) => (i === axis ? 1 : (shape[i] as number))),
        stridesOf(shape.map((length, i) => (i === axis ? k : length))),
      )
      const result = allocate('int32', (sizeOf(shape) / (shape[axis] as number)) * k)
      starts.forEach((start, row) => {
        const at = (position: number): number => data[start + position * stride] as number
        const order = Array.from({ length: shape[axis] as number }, (_, i) => i).sort((a, b) =>
          largest ? ascending(at(b), at(a)) : ascending(at(a), at(b)),
        )
        for (let i = 0; i < k; i++) result[(places[row] as number) + i * stride] = order[i] as number
      })
      return result
    },
  },
}
