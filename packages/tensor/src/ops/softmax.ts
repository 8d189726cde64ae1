import { allocate, settle } from '../dtype.ts'
import { indices, sizeOf, stridesOf } from '../shape.ts'
import { axisInRange, floating } from './check.ts'
import type { OperandType, OpRule, OpRules, Value } from './rule.ts'

/** Shifts by the largest element, so that exp neither overflows nor loses all elements. */
const softmaxRule = (op: 'softmax' | 'logSoftmax', of: (shifted: number, sum: number) => number): OpRule<{ readonly axis: number }> => ({
  infer: (inputs, { axis }) => {
    const [x] = inputs as [OperandType]
    floating(op, inputs)
    axisInRange(op, inputs, axis, x.shape.length)
    return x
  },
  evaluate: ([x], { axis }, { dtype }) => {
    const { data, shape } = x as Value
    const strides = stridesOf(shape)
    const [length, stride] = [shape[axis] as number, strides[axis] as number]
    const result = allocate(dtype, sizeOf(shape))
    const starts = indices(
      shape.map((size, i) => (i === axis ? 1 : size)),
      strides,
    )
    for (const start of starts) {
      let largest = -Infinity
      for (let i = 0; i < length; i++) largest = Math.max(largest, data[start + i * stride] as number)
      let sum = 0
      for (let i = 0; i < length; i++) sum += Math.exp((data[start + i * stride] as number) - largest)
      for (let i = 0; i < length; i++) result[start + i * stride] = of((data[start + i * stride] as number) - largest, sum)
    }
    return settle(dtype, result)
  },
})

export const softmaxRules: OpRules<'softmax' | 'logSoftmax'> = {
  softmax: softmaxRule('softmax', (shifted, sum) => Math.exp(shifted) / sum),
  logSoftmax: softmaxRule('logSoftmax', (shifted, sum) => shifted - Math.log(sum)),
}
