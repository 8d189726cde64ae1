import { add, asTensor, cast, div, expm1, gather, isTensor, less, log, mul, neg, sub, tensor, where } from '@grad-ts/tensor'
import type { DType, FloatDType, Tensor } from '@grad-ts/tensor'
import type { Scalar } from '../transformation.ts'

/** 1 − x, in float64 when x is a number. */
export const oneMinus = (x: Scalar): Scalar => (isTensor(x) ? sub(1, x) : 1 - x)

/**
 * 1 − bᵗ without cancellation: −expm1(t·ln b), with ln b taken in float64 for a number b.
 *
 * @param t int32 `[]`
 */
export const oneMinusPower = (b: Scalar, t: Tensor, dtype: DType): Tensor => {
  const exponent = mul(cast(t, dtype), isTensor(b) ? log(cast(b, dtype)) : Math.log(b))
  return neg(expm1(exponent))
}

const digitBase = 256

/** bᵗ for one digit position: table[j] = b^(j·256^position), computed in float64 and rounded once. */
const digitTable = (logarithm: number, position: number, dtype: FloatDType): Tensor =>
  tensor(
    Array.from({ length: digitBase }, (_, digit) => Math.exp(digit * digitBase ** position * logarithm)),
    { dtype },
  )

/**
 * exp(n·logarithm) for a whole n ≥ 0, to a few roundings for any n: the product over the base-256 digits of n of
 * table entries made in float64 (a plain float32 power loses as many digits as the exponent is long).
 *
 * @param n int32 `[]`
 */
export const wholePower = (logarithm: number, n: Tensor, dtype: FloatDType): Tensor => {
  let rest = n
  let result: Tensor | undefined
  for (let position = 0; position < 4; position++) {
    const quotient = div(rest, digitBase)
    const factor = gather(digitTable(logarithm, position, dtype), sub(rest, mul(quotient, digitBase)))
    result = result === undefined ? factor : mul(result, factor)
    rest = quotient
  }
  return result as Tensor
}

const bernoulli = [1 / 2, -1 / 12, 1 / 720, -1 / 30240, 1 / 1209600, -1 / 47900160]

/** 1 − x/(eˣ − 1) for x > 0, by its series (in x, x², x⁴, …) where the closed form cancels. */
export const powerOver = (x: Tensor, dtype: FloatDType): Tensor => {
  const square = mul(x, x)
  const series = bernoulli.slice(1).reduceRight<Tensor>((sum, coefficient) => mul(add(sum, coefficient), square), mul(x, 0))
  const small = add(mul(x, bernoulli[0] as number), series)
  const closed = sub(1, div(x, expm1(x)))
  return where(less(x, asTensor(dtype === 'float64' ? 0.05 : 0.5, dtype)), small, closed)
}
