const buffer = new DataView(new ArrayBuffer(4))

/** The 16 bits of a number that is already rounded to half precision. */
export const float16Bits = (value: number): number => {
  buffer.setFloat32(0, value)
  const bits = buffer.getUint32(0)
  const sign = (bits >>> 16) & 0x8000
  const exponent = ((bits >>> 23) & 0xff) - 127
  if (exponent === 128) return sign | 0x7c00 | ((bits & 0x7fffff) === 0 ? 0 : 0x200)
  if (exponent >= -14) return sign | ((exponent + 15) << 10) | ((bits >>> 13) & 0x3ff)
  return exponent < -25 ? sign : sign | Math.round(Math.abs(value) * 2 ** 24)
}

/** The number that 16 bits of half precision stand for. */
export const fromFloat16Bits = (bits: number): number => {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
