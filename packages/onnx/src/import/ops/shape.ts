import { constantOf, full, scalar, sizeOf, tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import {
  constantAt,
  fail,
  floatsAttribute,
  intAttribute,
  intsAttribute,
  numberAt,
  numbersAt,
  optionalFloat,
  optionalInt,
  tensorAt,
  tensorAttribute,
} from '../call.ts'
import type { Call, Converter } from '../call.ts'
import { dtypeOf } from '../elements.ts'
import { elementType } from '../ir.ts'
import { OnnxLimitError } from '../errors.ts'

const integers = (values: readonly number[]): Tensor => tensor(Int32Array.from(values), { shape: [values.length] })

/** The most elements a file may ask for out of nothing. */
const largest = 2 ** 28

/** Checks a shape that a file computes before anything of that size is made. */
export const checkShape = (call: Call, shape: readonly number[]): readonly number[] => {
  if (shape.some((length) => !Number.isInteger(length) || length < 0)) return fail(call, `[${shape.join(', ')}] is not a shape`)
  if (sizeOf(shape) > largest) throw new OnnxLimitError(`node '${call.node.name}' (${call.node.op}) asks for ${sizeOf(shape)} elements`)
  return shape
}

const floatDType = (call: Call) => dtypeOf(elementType.float, call.reading.float) ?? 'float32'

const constant: Converter = (call) => {
  const stored = tensorAttribute(call, 'value')
  if (stored !== undefined) return call.reading.tensorOf(stored)
  const float = optionalFloat(call, 'value_float')
  if (float !== undefined) return scalar(float, floatDType(call))
  const int = optionalInt(call, 'value_int')
  if (int !== undefined) return tensor(Int32Array.of(Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, int))), { shape: [] })
  const floats = floatsAttribute(call, 'value_floats')
  if (floats !== undefined) return tensor(floats as number[], { dtype: floatDType(call), shape: [floats.length] })
  const ints = intsAttribute(call, 'value_ints')
  return ints === undefined ? fail(call, 'expected a value, value_float, value_int, value_floats or value_ints attribute') : integers(ints)
}

const shape: Converter = (call) => {
  const lengths = tensorAt(call, 0).shape
  return integers(lengths.slice(intAttribute(call, 'start', 0), optionalInt(call, 'end')))
}

const constantOfShape: Converter = (call) => {
  const target = checkShape(call, numbersAt(call, 0))
  const stored = tensorAttribute(call, 'value')
  const value = stored === undefined ? scalar(0, floatDType(call)) : call.reading.tensorOf(stored)
  return full(target, constantOf(value.attributes.data, [], value.dtype), value.dtype)
}

const range: Converter = (call) => {
  const [start, limit, step] = [numberAt(call, 0), numberAt(call, 1), numberAt(call, 2)]
  const length = Math.max(0, Math.ceil((limit - start) / step))
  if (!Number.isFinite(length)) return fail(call, `cannot count from ${start} to ${limit} in steps of ${step}`)
  checkShape(call, [length])
  return tensor(
    Array.from({ length }, (_, i) => start + i * step),
    { dtype: tensorAt(call, 0).dtype, shape: [length] },
  )
}

/** The positions of the non-zero elements, one row for every axis. */
const nonZero: Converter = (call) => {
  const x = constantAt(call, 0)
  const lengths = x.shape.length === 0 ? [1] : x.shape
  const places = [...x.attributes.data.keys()].filter((i) => x.attributes.data[i] !== 0)
  const rows = lengths.map((length, axis) => {
    const stride = sizeOf(lengths.slice(axis + 1))
    return places.map((place) => Math.floor(place / stride) % length)
  })
  return tensor(Int32Array.from(rows.flat()), { shape: [lengths.length, places.length] })
}

const eyeLike: Converter = (call) => {
  const { shape: lengths, dtype } = tensorAt(call, 0)
  const [rows, columns] = checkShape(call, lengths) as [number, number]
  if (lengths.length !== 2) return fail(call, 'expected a matrix')
  const type = optionalInt(call, 'dtype')
  const offset = intAttribute(call, 'k', 0)
  return tensor(
    Array.from({ length: rows * columns }, (_, i) => ((i % columns) - Math.floor(i / columns) === offset ? 1 : 0)),
    { shape: lengths, dtype: (type === undefined ? dtype : dtypeOf(type, call.reading.float)) ?? dtype },
  )
}

/** Operators that make tensors from shapes and attributes; with static shapes they are all constants. */
export const shapes: Readonly<Record<string, Converter>> = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  EyeLike: eyeLike,
  NonZero: nonZero,
  Range: range,
  Shape: shape,
  Size: (call) => tensor(Int32Array.of(sizeOf(tensorAt(call, 0).shape)), { shape: [] }),
}
