import type { FloatDType } from '@grad-ts/tensor'
import type { Emitter } from '../emitter.ts'
import { erfDouble } from './erf.ts'

// M. Giles, Approximating the erfinv function (2010): polynomials in w = −ln(1 − x²), in its root for the tails.
const centre = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
]
const tail = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
]

const single = (emitter: Emitter, x: string, dtype: FloatDType): string => {
  const constant = (value: number): string => emitter.scalar(value, dtype)
  const add = (a: string, b: string): string => emitter.add('Add', [a, b])
  const mul = (a: string, b: string): string => emitter.add('Mul', [a, b])
  const horner = (coefficients: readonly number[], at: string): string =>
    coefficients.slice(1).reduce((sum, coefficient) => add(mul(sum, at), constant(coefficient)), constant(coefficients[0] as number))
  const w = emitter.add('Neg', [emitter.add('Log', [mul(emitter.add('Sub', [constant(1), x]), add(x, constant(1)))])])
  const inner = horner(centre, add(w, constant(-2.5)))
  const outer = horner(tail, add(emitter.add('Sqrt', [w]), constant(-3)))
  const finite = mul(emitter.add('Where', [emitter.add('Less', [w, constant(5)]), inner, outer]), x)
  const atEnd = emitter.add('Equal', [emitter.add('Abs', [x]), constant(1)])
  return emitter.add('Where', [atEnd, mul(x, constant(Infinity)), finite])
}

/** One Halley step brings the single-precision value to double precision. */
const polished = (emitter: Emitter, x: string, y: string): string => {
  const constant = (value: number): string => emitter.scalar(value, 'float64')
  const gauss = emitter.add('Exp', [emitter.add('Neg', [emitter.add('Mul', [x, x])])])
  const error = emitter.add('Div', [
    emitter.add('Sub', [erfDouble(emitter, x), y]),
    emitter.add('Mul', [gauss, constant(2 / Math.sqrt(Math.PI))]),
  ])
  const step = emitter.add('Div', [error, emitter.add('Add', [emitter.add('Mul', [x, error]), constant(1)])])
  const small = emitter.add('Less', [emitter.add('Abs', [x]), constant(5)])
  return emitter.add('Where', [small, emitter.add('Sub', [x, step]), x])
}

/** The inverse error function, ±infinity at ±1. */
export const erfInv = (emitter: Emitter, y: string, dtype: FloatDType): string => {
  const x = single(emitter, y, dtype)
  return dtype === 'float64' ? polished(emitter, x, y) : x
}
