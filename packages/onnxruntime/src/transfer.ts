import { constantOf } from '@grad-ts/tensor'
import type { Constant, DType, Shape, TypedArray } from '@grad-ts/tensor'
import { float16Bits, float16Values } from '@grad-ts/onnx'
import type { Runtime } from './runtime.ts'

/** Hands a buffer to the runtime, without a copy (float16 is packed). */
export const toRuntime = (runtime: typeof Runtime, { attributes: { data }, shape, dtype }: Constant): Runtime.Tensor =>
  new runtime.Tensor(dtype, (dtype === 'float16' ? float16Bits(data as Float32Array) : data) as never, shape)

/** A constant that shares no buffer with another. */
export const copyOf = ({ attributes: { data }, shape, dtype }: Constant): Constant => constantOf(data.slice(), shape, dtype)

/** Takes a result over as a constant, without a copy (float16 is unpacked). */
export const fromRuntime = (value: Runtime.Tensor, shape: Shape, dtype: DType): Constant => {
  const { data } = value
  return constantOf(
    dtype === 'float16'
      ? float16Values(new Uint16Array((data as Uint16Array).buffer, (data as Uint16Array).byteOffset, data.length))
      : (data as TypedArray),
    shape,
    dtype,
  )
}
