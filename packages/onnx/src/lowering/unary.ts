import type { DType, FloatDType } from '@grad-ts/tensor'
import type { Emitter } from '../emitter.ts'
import { elementType } from '../schema/types.ts'
import { atanDouble } from './atan.ts'
import { after } from './barrier.ts'
import { erfDouble } from './erf.ts'
import { erfInv } from './erf-inv.ts'
import type { Lowerings } from './rule.ts'

const single =
  (op: string) =>
  (emitter: Emitter, inputs: readonly string[]): string =>
    emitter.add(op, inputs)

/**
 * expm1(x) = 2·th / (1 − th) with th = tanh(x/2), which does not cancel near zero (D. Goldberg's remark on e^x − 1);
 * for x above one half 1 − th does, and e^x − 1 is exact enough.
 */
const expm1 = (emitter: Emitter, x: string, dtype: FloatDType): string => {
  const constant = (value: number): string => emitter.scalar(value, dtype)
  const half = emitter.add('Tanh', [emitter.add('Mul', [x, constant(0.5)])])
  const near = emitter.add('Div', [emitter.add('Add', [half, half]), emitter.add('Sub', [constant(1), half])])
  const far = emitter.add('Sub', [emitter.add('Exp', [x]), constant(1)])
  return emitter.add('Where', [emitter.add('Greater', [x, constant(0.5)]), far, near])
}

/** log1p(x) = log(u) · x / (u − 1) with u = 1 + x as rounded; x itself where u is 1. */
const log1p = (emitter: Emitter, x: string, dtype: FloatDType): string => {
  const constant = (value: number): string => emitter.scalar(value, dtype)
  const u = emitter.add('Add', [x, constant(1)])
  const rest = emitter.add('Sub', [u, constant(1)])
  const exact = emitter.add('Equal', [rest, x])
  const ratio = emitter.add('Where', [exact, constant(1), emitter.add('Div', [x, rest])])
  const product = emitter.add('Mul', [emitter.add('Log', [u]), ratio])
  return emitter.add('Where', [emitter.add('Equal', [rest, constant(0)]), x, product])
}

/** −1, 0 or 1 by two comparisons, NaN for NaN: WebGPU has no Sign kernel. */
const signByComparison = (emitter: Emitter, x: string, dtype: DType): string => {
  const zero = emitter.scalar(0, dtype)
  const as = (condition: string): string => emitter.add('Cast', [condition], { to: elementType[dtype] })
  const sign = emitter.add('Sub', [as(emitter.add('Greater', [x, zero])), as(emitter.add('Less', [x, zero]))])
  return dtype === 'int32' ? sign : emitter.add('Where', [emitter.add('Equal', [x, x]), sign, x])
}

/** ⌊x + ½⌋, less one where x lies half way below an odd number: WebGPU has no Round kernel. */
const roundByFloor = (emitter: Emitter, x: string, dtype: DType): string => {
  const constant = (value: number): string => emitter.scalar(value, dtype)
  const floor = emitter.add('Floor', [x])
  const rest = emitter.add('Sub', [x, floor])
  const half = emitter.add('Floor', [emitter.add('Mul', [floor, constant(0.5)])])
  const even = emitter.add('Equal', [floor, emitter.add('Add', [half, half])])
  const above = emitter.add('Add', [floor, constant(1)])
  const nearest = emitter.add('Where', [emitter.add('Less', [rest, constant(0.5)]), floor, above])
  const isTie = emitter.add('Equal', [rest, constant(0.5)])
  return emitter.add('Where', [emitter.add('And', [isTie, even]), floor, nearest])
}

export const unary: Lowerings<
  | 'identity'
  | 'stopGradient'
  | 'barrier'
  | 'checkpoint'
  | 'neg'
  | 'abs'
  | 'sign'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sqrt'
  | 'reciprocal'
  | 'sin'
  | 'cos'
  | 'tanh'
  | 'erf'
  | 'erfInv'
  | 'atan'
  | 'softplus'
  | 'sigmoid'
  | 'relu'
  | 'isNaN'
  | 'not'
> = {
  identity: (_, inputs) => inputs[0] as string,
  stopGradient: (_, inputs) => inputs[0] as string,
  barrier: (emitter, inputs, node) => after(emitter, inputs as readonly [string, string], node),
  checkpoint: (_, inputs) => inputs[0] as string,
  neg: single('Neg'),
  abs: single('Abs'),
  sign: (emitter, inputs, { dtype }) =>
    emitter.target === 'webgpu' ? signByComparison(emitter, inputs[0] as string, dtype) : emitter.add('Sign', inputs),
  floor: single('Floor'),
  ceil: single('Ceil'),
  round: (emitter, inputs, { dtype }) =>
    emitter.target === 'webgpu' ? roundByFloor(emitter, inputs[0] as string, dtype) : emitter.add('Round', inputs),
  exp: single('Exp'),
  expm1: (emitter, [x], { dtype }) => expm1(emitter, x as string, dtype as FloatDType),
  log: single('Log'),
  log1p: (emitter, [x], { dtype }) => log1p(emitter, x as string, dtype as FloatDType),
  sqrt: single('Sqrt'),
  reciprocal: single('Reciprocal'),
  sin: single('Sin'),
  cos: single('Cos'),
  tanh: single('Tanh'),
  erf: (emitter, inputs, { dtype }) => (dtype === 'float64' ? erfDouble(emitter, inputs[0] as string) : emitter.add('Erf', inputs)),
  erfInv: (emitter, [x], { dtype }) => erfInv(emitter, x as string, dtype as FloatDType),
  atan: (emitter, inputs, { dtype }) => (dtype === 'float64' ? atanDouble(emitter, inputs[0] as string) : emitter.add('Atan', inputs)),
  softplus: single('Softplus'),
  sigmoid: single('Sigmoid'),
  relu: single('Relu'),
  // Not every provider has IsNaN; only NaN differs from itself.
  isNaN: (emitter, [x]) => emitter.add('Not', [emitter.add('Equal', [x as string, x as string])]),
  not: single('Not'),
}
