/** Rounds to the nearest integer, halves to the even one, as ONNX and NumPy do. */
export const roundHalfToEven = (x: number): number => {
  const floor = Math.floor(x)
  const rest = x - floor
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0)
  const rounded = up ? floor + 1 : floor
  return rounded === 0 && x < 0 ? -0 : rounded
}

const series = (x: number): number => {
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (-x * x) / n
    sum += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

const continuedFraction = (x: number): number => {
  let fraction = 0
  for (let n = 80; n >= 1; n--) fraction = n / 2 / (x + fraction)
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction)
}

/** The error function to double precision: its Taylor series for small arguments, the continued fraction of erfc beyond. */
export const erf = (x: number): number => {
  if (Number.isNaN(x)) return Number.NaN
  const magnitude = Math.abs(x)
  if (magnitude === 0) return x
  if (magnitude < 2.5) return series(x)
  return Math.sign(x) * (magnitude > 6 ? 1 : 1 - continuedFraction(magnitude))
}

/** The inverse error function to double precision: Winitzki's closed form, polished by Halley steps (on the tail for values near ±1). */
export const erfInv = (y: number): number => {
  if (!(y > -1 && y < 1)) return Math.abs(y) === 1 ? y * Infinity : Number.NaN
  if (y === 0) return y
  const logarithm = Math.log1p(-y * y)
  const half = 2 / (Math.PI * 0.147) + logarithm / 2
  let x = Math.sign(y) * Math.sqrt(Math.sqrt(half * half - logarithm / 0.147) - half)
  for (let step = 0; step < 3; step++) {
    const error = (erf(x) - y) / ((2 / Math.sqrt(Math.PI)) * Math.exp(-x * x))
    x -= error / (1 + x * error)
  }
  return x
}
