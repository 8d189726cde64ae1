import { allocate, settle } from '../dtype.ts'
import { EvaluationError, ShapeError } from '../errors.ts'
import { indices, sizeOf, stridesOf } from '../shape.ts'
import { axisInRange, indexing, numeric } from './check.ts'
import type { OperandType, OpRules, Value } from './rule.ts'

const checked = (op: string, index: number, length: number): number => {
  if (index < 0 || index >= length) throw new EvaluationError(`${op}: index ${index} is out of range for an axis of length ${length}`)
  return index
}

const outer = (shape: readonly number[], axis: number): number => sizeOf(shape.slice(0, axis))
const inner = (shape: readonly number[], axis: number): number => sizeOf(shape.slice(axis + 1))

/** For index arrays of the data's rank: the flat place that each element reads or adds to. */
const placesAlong = (op: string, index: Value, shape: readonly number[], axis: number): Int32Array => {
  const strides = stridesOf(shape)
  const base = indices(
    index.shape,
    strides.map((stride, i) => (i === axis ? 0 : stride)),
  )
  const stride = strides[axis] as number
  return base.map((start, i) => start + checked(op, index.data[i] as number, shape[axis] as number) * stride)
}

const alongFits = (op: string, inputs: readonly OperandType[], index: readonly number[], shape: readonly number[], axis: number): void => {
  if (index.length !== shape.length || index.some((length, i) => i !== axis && length !== shape[i]))
    throw new ShapeError(op, inputs, `expected indices of the same shape as the data, except along axis ${axis}`)
}

export const indexingRules: OpRules<'gather' | 'scatterAdd' | 'gatherAlong' | 'scatterAddAlong'> = {
  gather: {
    infer: (inputs, { axis }) => {
      const [x, index] = inputs as [OperandType, OperandType]
      indexing('gather', inputs, index)
      axisInRange('gather', inputs, axis, x.shape.length)
      return { shape: [...x.shape.slice(0, axis), ...index.shape, ...x.shape.slice(axis + 1)], dtype: x.dtype }
    },
    evaluate: (inputs, { axis }, { shape, dtype }) => {
      const [x, index] = inputs as [Value, Value]
      const length = x.shape[axis] as number
      const width = inner(x.shape, axis)
      const result = allocate(dtype, sizeOf(shape))
      let at = 0
      for (let block = 0; block < outer(x.shape, axis); block++)
        for (const i of index.data) {
          const start = (block * length + checked('gather', i, length)) * width
          result.set(x.data.subarray(start, start + width), at)
          at += width
        }
      return result
    },
  },
  scatterAdd: {
    infer: (inputs, { axis, length }) => {
      const [updates, index] = inputs as [OperandType, OperandType]
      indexing('scatterAdd', inputs, index)
      numeric('scatterAdd', [updates])
      const tail = updates.shape.slice(axis, axis + index.shape.length)
      if (tail.length !== index.shape.length || tail.some((size, i) => size !== index.shape[i]))
        throw new ShapeError('scatterAdd', inputs, `expected updates that have the index shape at axis ${axis}`)
      return { shape: [...updates.shape.slice(0, axis), length, ...updates.shape.slice(axis + index.shape.length)], dtype: updates.dtype }
    },
    evaluate: (inputs, { axis, length }, { shape, dtype }) => {
      const [updates, index] = inputs as [Value, Value]
      const width = inner(shape, axis)
      const sums = new Float64Array(sizeOf(shape))
      let at = 0
      for (let block = 0; block < outer(shape, axis); block++)
        for (const i of index.data) {
          const start = (block * length + checked('scatterAdd', i, length)) * width
          for (let k = 0; k < width; k++) sums[start + k] = (sums[start + k] as number) + (updates.data[at++] as number)
        }
      const result = allocate(dtype, sums.length)
      result.set(sums)
      return settle(dtype, result)
    },
  },
  gatherAlong: {
    infer: (inputs, { axis }) => {
      const [x, index] = inputs as [OperandType, OperandType]
      indexing('gatherAlong', inputs, index)
      axisInRange('gatherAlong', inputs, axis, x.shape.length)
      alongFits('gatherAlong', inputs, index.shape, x.shape, axis)
      return { shape: index.shape, dtype: x.dtype }
    },
    evaluate: (inputs, { axis }, { dtype }) => {
      const [x, index] = inputs as [Value, Value]
      const places = placesAlong('gatherAlong', index, x.shape, axis)
      const result = allocate(dtype, places.length)
      for (let i = 0; i < places.length; i++) result[i] = x.data[places[i] as number] as number
      return result
    },
  },
  scatterAddAlong: {
    infer: (inputs, { axis, length }) => {
      const [updates, index] = inputs as [OperandType, OperandType]
      indexing('scatterAddAlong', inputs, index)
      numeric('scatterAddAlong', [updates])
      axisInRange('scatterAddAlong', inputs, axis, updates.shape.length)
      alongFits('scatterAddAlong', inputs, index.shape, updates.shape, axis)
      return { shape: updates.shape.map((size, i) => (i === axis ? length : size)), dtype: updates.dtype }
    },
    evaluate: (inputs, { axis }, { shape, dtype }) => {
      const [updates, index] = inputs as [Value, Value]
      const places = placesAlong('scatterAddAlong', index, shape, axis)
      const read = indices(index.shape, stridesOf(updates.shape))
      const sums = new Float64Array(sizeOf(shape))
      for (let i = 0; i < places.length; i++)
        sums[places[i] as number] = (sums[places[i] as number] as number) + (updates.data[read[i] as number] as number)
      const result = allocate(dtype, sums.length)
      result.set(sums)
      return settle(dtype, result)
    },
  },
}
