import { allocate } from '../dtype.ts'
import type { TypedArray } from '../dtype.ts'
import { ShapeError } from '../errors.ts'
import { broadcastShapes, broadcastStrides, indices, sameShape, showShape, sizeOf, stridesOf } from '../shape.ts'
import { axisInRange, sameDType } from './check.ts'
import type { OperandType, OpRules, Value } from './rule.ts'

const pickElements = (value: Value, source: Int32Array): TypedArray => {
  const result = allocate(value.dtype, source.length)
  for (let i = 0; i < source.length; i++) result[i] = value.data[source[i] as number] as number
  return result
}

const dot = (left: readonly number[], right: readonly number[]): number =>
  left.reduce((sum, value, i) => sum + value * (right[i] as number), 0)

const scatter = (target: TypedArray, shape: readonly number[], part: Value, start: readonly number[]): void => {
  const strides = stridesOf(shape)
  const places = indices(part.shape, strides, dot(start, strides))
  for (let i = 0; i < places.length; i++) target[places[i] as number] = part.data[i] as number
}

export const layout: OpRules<'reshape' | 'broadcastTo' | 'transpose' | 'concat' | 'slice' | 'pad'> = {
  reshape: {
    infer: (inputs, { shape }) => {
      const [x] = inputs as [OperandType]
      if (sizeOf(x.shape) !== sizeOf(shape))
        throw new ShapeError('reshape', inputs, `${sizeOf(x.shape)} elements do not fill ${showShape(shape)}, which has ${sizeOf(shape)}`)
      return { shape, dtype: x.dtype }
    },
    evaluate: ([x]) => (x as Value).data,
  },
  broadcastTo: {
    infer: (inputs, { shape }) => {
      const [x] = inputs as [OperandType]
      const joined = broadcastShapes(x.shape, shape)
      if (joined === undefined || !sameShape(joined, shape))
        throw new ShapeError('broadcastTo', inputs, `does not broadcast to ${showShape(shape)}`)
      return { shape, dtype: x.dtype }
    },
    evaluate: ([x], { shape }) => pickElements(x as Value, indices(shape, broadcastStrides((x as Value).shape, shape))),
  },
  transpose: {
    infer: (inputs, { permutation }) => {
      const [x] = inputs as [OperandType]
      if (
        !sameShape(
          [...permutation].sort((a, b) => a - b),
          [...x.shape.keys()],
        )
      )
        throw new ShapeError('transpose', inputs, `${showShape(permutation)} is not a permutation of the axes 0 to ${x.shape.length - 1}`)
      return { shape: permutation.map((axis) => x.shape[axis] as number), dtype: x.dtype }
    },
    evaluate: ([x], { permutation }, { shape }) => {
      const strides = stridesOf((x as Value).shape)
      return pickElements(
        x as Value,
        indices(
          shape,
          permutation.map((axis) => strides[axis] as number),
        ),
      )
    },
  },
  concat: {
    infer: (inputs, { axis }) => {
      const [first] = inputs
      if (first === undefined) throw new ShapeError('concat', inputs, 'expected at least one tensor')
      sameDType('concat', inputs)
      axisInRange('concat', inputs, axis, first.shape.length)
      const others = (input: OperandType): number[] => input.shape.map((length, i) => (i === axis ? 0 : length))
      if (inputs.some((input) => !sameShape(others(input), others(first))))
        throw new ShapeError('concat', inputs, `the shapes may differ only along axis ${axis}`)
      const total = inputs.reduce((sum, { shape }) => sum + (shape[axis] as number), 0)
      return { shape: first.shape.map((length, i) => (i === axis ? total : length)), dtype: first.dtype }
    },
    evaluate: (inputs, { axis }, { shape, dtype }) => {
      const result = allocate(dtype, sizeOf(shape))
      let at = 0
      for (const part of inputs) {
        scatter(
          result,
          shape,
          part,
          shape.map((_, i) => (i === axis ? at : 0)),
        )
        at += part.shape[axis] as number
      }
      return result
    },
  },
  slice: {
    infer: (inputs, { starts, sizes, steps }) => {
      const [x] = inputs as [OperandType]
      x.shape.forEach((length, axis) => {
        const [start, size, step] = [starts[axis], sizes[axis], steps[axis]] as [number, number, number]
        const last = start + (size - 1) * step
        const inside = (at: number): boolean => at >= 0 && at < length
        if (size < 0 || step === 0 || (size > 0 && !(inside(start) && inside(last))))
          throw new ShapeError('slice', inputs, `start ${start}, size ${size}, step ${step} do not fit axis ${axis} of length ${length}`)
      })
      return { shape: sizes, dtype: x.dtype }
    },
    evaluate: ([x], { starts, steps }, { shape }) => {
      const strides = stridesOf((x as Value).shape)
      return pickElements(
        x as Value,
        indices(
          shape,
          strides.map((stride, axis) => stride * (steps[axis] as number)),
          dot(starts, strides),
        ),
      )
    },
  },
  pad: {
    infer: (inputs, { before, after }) => {
      const [x] = inputs as [OperandType]
      const negative = [...before, ...after].some((length) => length < 0)
      if (before.length !== x.shape.length || after.length !== x.shape.length || negative)
        throw new ShapeError('pad', inputs, `expected two non-negative widths for each of the ${x.shape.length} axes`)
      return { shape: x.shape.map((length, axis) => length + (before[axis] as number) + (after[axis] as number)), dtype: x.dtype }
    },
    evaluate: ([x], { before, value }, { shape, dtype }) => {
      const result = allocate(dtype, sizeOf(shape)).fill(value)
      scatter(result, shape, x as Value, before)
      return result
    },
  },
}
