import { allocate } from '../dtype.ts'
import { ShapeError } from '../errors.ts'
import { sizeOf } from '../shape.ts'
import type { PoolAttributes } from './attributes.ts'
import { floating } from './check.ts'
import type { OperandType, OpRules, Value } from './rule.ts'
import { windowPlaces, windowSources } from './window.ts'

const pooledShape = (op: string, inputs: readonly OperandType[], attributes: PoolAttributes): number[] => {
  const [{ shape }] = inputs as [OperandType]
  floating(op, inputs)
  if (shape.length < 3) throw new ShapeError(op, inputs, 'expected x [batch, channels, …] with at least one spatial axis')
  return [...shape.slice(0, 2), ...windowPlaces(op, inputs, shape.slice(2), attributes.kernel, attributes)]
}

/** Finds the source of the largest element under each window; NaN counts as the largest. */
const winners = (x: Value, attributes: PoolAttributes, shape: readonly number[]): Int32Array => {
  const sources = windowSources(x.shape.slice(2), attributes.kernel, shape.slice(2), attributes)
  const [size, places] = [sizeOf(x.shape.slice(2)), sizeOf(shape.slice(2))]
  return Int32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const start = Math.floor(i / places) * size
    const under = sources.map((source) => source[i % places] as number).filter((source) => source >= 0)
    return under.reduce((best, source) => {
      const [held, found] = [x.data[start + best] as number, x.data[start + source] as number]
      return found > held || (Number.isNaN(found) && !Number.isNaN(held)) ? source : best
    })
  })
}

export const poolRules: OpRules<'maxPool' | 'maxPoolIndices'> = {
  maxPool: {
    infer: (inputs, attributes) => ({ shape: pooledShape('maxPool', inputs, attributes), dtype: (inputs[0] as OperandType).dtype }),
    evaluate: ([x], attributes, { shape, dtype }) => {
      const value = x as Value
      const [size, places] = [sizeOf(value.shape.slice(2)), sizeOf(shape.slice(2))]
      const result = allocate(dtype, sizeOf(shape))
      winners(value, attributes, shape).forEach((source, i) => {
        result[i] = value.data[Math.floor(i / places) * size + source] as number
      })
      return result
    },
  },
  maxPoolIndices: {
    infer: (inputs, attributes) => ({ shape: pooledShape('maxPoolIndices', inputs, attributes), dtype: 'int32' }),
    evaluate: ([x], attributes, { shape }) => winners(x as Value, attributes, shape),
  },
}
