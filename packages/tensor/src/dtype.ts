/**
 * Element types. `float16` values are held in a `Float32Array` and rounded to half precision after every operation;
 * `bool` values are 0 or 1 in a `Uint8Array`.
 */
export type DType = 'float32' | 'float64' | 'float16' | 'int32' | 'bool'

export type FloatDType = 'float32' | 'float64' | 'float16'

/** The buffer that holds the elements of a tensor, row-major. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array

const arrays = { float32: Float32Array, float64: Float64Array, float16: Float32Array, int32: Int32Array, bool: Uint8Array } as const

export const dtypes = Object.keys(arrays) as readonly DType[]

export const isFloat = (dtype: DType): dtype is FloatDType => dtype === 'float32' || dtype === 'float64' || dtype === 'float16'

/** Makes a zeroed buffer for `size` elements. */
export const allocate = (dtype: DType, size: number): TypedArray => new arrays[dtype](size)

const view = new DataView(new ArrayBuffer(4))

/** Rounds a number to the nearest half-precision value, ties to even. */
export const roundToFloat16 = (value: number): number => {
  if (!Number.isFinite(value) || value === 0) return value
  const magnitude = Math.abs(value)
  view.setFloat32(0, magnitude)
  const exponent = Math.max((view.getUint32(0) >>> 23) - 127, -14)
  const unit = 2 ** (exponent - 10)
  const steps = magnitude / unit
  const floor = Math.floor(steps)
  const rest = steps - floor
  const rounded = (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor) * unit
  return Math.sign(value) * (rounded > 65504 ? Infinity : rounded)
}

/** Brings every element of a buffer into the value range of its dtype (only `float16` needs it). */
export const settle = (dtype: DType, data: TypedArray): TypedArray => {
  if (dtype === 'float16') for (let i = 0; i < data.length; i++) data[i] = roundToFloat16(data[i] as number)
  return data
}

/** Copies numbers into a buffer of the given dtype; booleans become 0 or 1, floats to int32 truncate. */
export const bufferFrom = (dtype: DType, values: ArrayLike<number>): TypedArray => {
  const data = allocate(dtype, values.length)
  if (dtype === 'bool') for (let i = 0; i < values.length; i++) data[i] = values[i] === 0 ? 0 : 1
  else data.set(values)
  return settle(dtype, data)
}

/** The value an element has after it was stored with this dtype. */
export const roundTo = (dtype: DType, value: number): number => {
  switch (dtype) {
    case 'float64':
      return value
    case 'float32':
      return Math.fround(value)
    case 'float16':
      return roundToFloat16(value)
    case 'int32':
      return value | 0
    case 'bool':
      return value === 0 ? 0 : 1
  }
}
