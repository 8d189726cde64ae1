const view = new DataView(new ArrayBuffer(4))

const bitsOf = (value: number): number => {
  view.setFloat32(0, value)
  const bits = view.getUint32(0)
  const sign = (bits >>> 16) & 0x8000
  const magnitude = Math.abs(value)
  if (Number.isNaN(value)) return 0x7e00
  if (magnitude > 65504) return sign | 0x7c00
  if (magnitude < 2 ** -14) return sign | (magnitude * 2 ** 24)
  return sign | ((((bits >>> 23) & 0xff) - 112) << 10) | ((bits >>> 13) & 0x3ff)
}

const valueOf = (bits: number): number => {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** Packs numbers that are already half-precision values into their 16 bits. */
export const float16Bits = (values: Float32Array): Uint16Array => Uint16Array.from(values, bitsOf)

/** Unpacks 16-bit floats. */
export const float16Values = (bits: Uint16Array): Float32Array => Float32Array.from(bits, valueOf)
