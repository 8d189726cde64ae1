import type { DType, Shape, TypedArray } from '@grad-ts/tensor'
import { float16Bits } from './float16.ts'
import type { TensorProto, ValueInfoProto } from './messages.ts'

/** The numbers of ONNX element types. */
export const elementType: Readonly<Record<DType | 'int64', number>> = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11 }

const bytesOf = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/** Makes an initializer; its elements are little-endian raw bytes. */
export const tensorProto = (name: string, data: TypedArray, shape: Shape, dtype: DType): TensorProto => ({
  name,
  dims: shape.map(BigInt),
  dataType: elementType[dtype],
  rawData: bytesOf(dtype === 'float16' ? float16Bits(data as Float32Array) : data),
})

/** Makes an int64 vector: the form in which ONNX takes shapes, axes and bounds. */
export const int64Proto = (name: string, values: readonly number[], shape: Shape = [values.length]): TensorProto => ({
  name,
  dims: shape.map(BigInt),
  dataType: elementType.int64,
  rawData: bytesOf(BigInt64Array.from(values.map(BigInt))),
})

/** Describes an input or output; a dimension that is a string is free at run time. */
export const valueInfo = (name: string, shape: readonly (number | string)[], dtype: DType): ValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType: elementType[dtype],
      shape: { dim: shape.map((length) => (typeof length === 'string' ? { dimParam: length } : { dimValue: BigInt(length) })) },
    },
  },
})
