import { abs, add, div, exp, expandDims, log, matmul, maximum, mul, norm, sqrt, sum, swapAxes } from '@grad-ts/tensor'
import type { MatmulOptions, Tensor } from '@grad-ts/tensor'

/** Coefficients of one Newton–Schulz step: X ← a·X + (b·A + c·A²)·X with A = X·Xᵀ. */
export type NewtonSchulzCoefficients = readonly [number, number, number]

/** How the matrix is made small enough before the first step. */
export type Preconditioning = 'frobenius' | 'spectral' | 'aol' | 'schatten'

/** The update of an optimizer keeps float32 in mixed precision. */
const product = (a: Tensor, b: Tensor, options?: MatmulOptions): Tensor => matmul(a, b, { ...options, precision: 'full' })

const step = (x: Tensor, gram: Tensor, [a, b, c]: NewtonSchulzCoefficients): Tensor => {
  const mixed = add(mul(gram, b), product(mul(gram, c), gram))
  return add(mul(x, a), product(mixed, x))
}

const gramOf = (x: Tensor): Tensor => product(x, x, { transposeB: true })

/**
 * The largest singular value of each matrix `[batch, m, n]`: ‖A^(2^k)‖^(1/2^(k+1)) of the Gram matrix A, squared k = 24 (float64: 42) times.
 * Each squaring halves the distance to the largest eigenvalue, so that what remains is below rounding.
 */
const spectralNorm = (x: Tensor, eps: number): Tensor => {
  const size = (a: Tensor) => maximum(norm(a, { axes: [-2, -1], keepDims: true }), eps)
  let power = gramOf(x)
  let logarithm = log(size(power))
  power = div(power, size(power))
  for (let k = 1; k <= (x.dtype === 'float64' ? 42 : 24); k++) {
    power = product(power, power)
    logarithm = add(logarithm, div(log(size(power)), 2 ** k))
    power = div(power, size(power))
  }
  return exp(div(logarithm, 2))
}

/** The first step of the preconditionings that need the Gram matrix anyway. */
const firstStep = (x: Tensor, coefficients: NewtonSchulzCoefficients, kind: 'aol' | 'schatten', eps: number): Tensor => {
  const gram = gramOf(x)
  if (kind === 'schatten') {
    const size = maximum(norm(gram, { axes: [-2, -1], keepDims: true }), eps)
    return step(div(x, sqrt(size)), div(gram, size), coefficients)
  }
  const size = sqrt(maximum(sum(abs(gram), { axes: -1 }), eps))
  const [rows, columns] = [expandDims(size, -1), expandDims(size, -2)]
  return step(div(x, rows), div(div(gram, rows), columns), coefficients)
}

const scaled = (x: Tensor, preconditioning: Preconditioning, eps: number): Tensor => {
  switch (preconditioning) {
    case 'frobenius':
      return div(x, add(norm(x, { axes: [-2, -1], keepDims: true }), eps))
    case 'spectral':
      return div(x, add(spectralNorm(x, 1e-30), eps))
    case 'aol':
    case 'schatten':
      return x
  }
}

/**
 * Replaces the singular values of matrices by numbers near 1, by Newton–Schulz steps.
 *
 * @param x float `[batch, m, n]`
 * @param coefficients one triple per step
 */
export const orthogonalize = (
  x: Tensor,
  coefficients: readonly NewtonSchulzCoefficients[],
  preconditioning: Preconditioning,
  eps: number,
): Tensor => {
  const tall = (x.shape.at(-2) as number) > (x.shape.at(-1) as number)
  const wide = scaled(tall ? swapAxes(x) : x, preconditioning, eps)
  const result = coefficients.reduce((current, triple, i) => {
    const early = i === 0 && (preconditioning === 'aol' || preconditioning === 'schatten')
    return early ? firstStep(current, triple, preconditioning, eps) : step(current, gramOf(current), triple)
  }, wide)
  return tall ? swapAxes(result) : result
}
