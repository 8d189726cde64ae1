import { abs, add, div, equal, floor, less, log, mul, sin, sub, where } from './elementwise.ts'
import { unify } from './create.ts'
import type { Operand, Tensor } from './tensor.ts'

// Lanczos' approximation with g = 7, good to 15 digits.
const lanczos = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905, -0.13857109526572012,
  9.984369578019572e-6, 1.5056327351493116e-7,
]

/** log Γ(x) for x ≥ 1/2. */
const logGammaRight = (x: Tensor): Tensor => {
  const z = sub(x, 1)
  const series = lanczos.reduce<Tensor>(
    (total, coefficient, i) => add(total, div(coefficient, add(z, i + 1))),
    add(mul(z, 0), 0.9999999999998099),
  )
  const t = add(z, 7.5)
  return add(add(mul(add(z, 0.5), log(t)), sub(log(series), t)), 0.5 * Math.log(2 * Math.PI))
}

/**
 * The logarithm of |Γ(x)|; by reflection for x < 1/2. It differentiates to the digamma function and on.
 *
 * @example
 * import { logGamma, scalar, toNumber } from '@grad-ts/tensor'
 * Math.abs(toNumber(logGamma(scalar(5, 'float64'))) - Math.log(24)) < 1e-12 // => true
 */
export const logGamma = (x: Tensor): Tensor => {
  const left = less(x, 0.5)
  const right = logGammaRight(where(left, sub(1, x), x))
  const inside = where(left, sub(x, floor(x)), 0.5)
  return where(left, sub(Math.log(Math.PI), add(log(abs(sin(mul(inside, Math.PI)))), right)), right)
}

/** x·log(y), 0 where x = 0 (also at y = 0). */
export const xLogY = (x: Operand, y: Operand): Tensor => {
  const [factor, argument] = unify([x, y]) as [Tensor, Tensor]
  const zero = equal(factor, 0)
  return where(zero, mul(factor, 0), mul(factor, log(where(zero, 1, argument))))
}
