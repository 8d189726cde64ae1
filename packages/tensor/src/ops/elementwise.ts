import { allocate, settle } from '../dtype.ts'
import type { TypedArray } from '../dtype.ts'
import { broadcastStrides, indices, sameShape, sizeOf } from '../shape.ts'
import type { None, OpName } from './attributes.ts'
import { broadcast, floating, logical, numeric, sameDType } from './check.ts'
import { erf, erfInv, roundHalfToEven } from './math.ts'
import type { OperandType, OpRule, OpRules, Value } from './rule.ts'

type Check = (op: string, inputs: readonly OperandType[]) => void

/** Reads an operand as if it had the result's shape. */
const expanded = (value: Value, result: OperandType): TypedArray | ((i: number) => number) => {
  if (sameShape(value.shape, result.shape)) return value.data
  if (value.data.length === 1) return () => value.data[0] as number
  const source = indices(result.shape, broadcastStrides(value.shape, result.shape))
  return (i) => value.data[source[i] as number] as number
}

const reader = (value: Value, result: OperandType): ((i: number) => number) => {
  const source = expanded(value, result)
  return typeof source === 'function' ? source : (i) => source[i] as number
}

const unary = (op: OpName, check: Check, fn: (x: number) => number): OpRule<None> => ({
  infer: (inputs) => {
    check(op, inputs)
    return inputs[0] as OperandType
  },
  evaluate: ([x], _, { dtype }) => {
    const { data } = x as Value
    const result = allocate(dtype, data.length)
    for (let i = 0; i < data.length; i++) result[i] = fn(data[i] as number)
    return settle(dtype, result)
  },
})

const mapped = (fn: (a: number, b: number) => number) => (inputs: readonly Value[], _: None, result: OperandType) => {
  const [left, right] = inputs as [Value, Value]
  const size = sizeOf(result.shape)
  const data = allocate(result.dtype, size)
  const a = reader(left, result)
  const b = reader(right, result)
  for (let i = 0; i < size; i++) data[i] = fn(a(i), b(i))
  return settle(result.dtype, data)
}

const binary = (op: OpName, check: Check, fn: (a: number, b: number) => number): OpRule<None> => ({
  infer: (inputs) => {
    check(op, inputs)
    sameDType(op, inputs)
    return { shape: broadcast(op, inputs), dtype: (inputs[0] as OperandType).dtype }
  },
  evaluate: mapped(fn),
})

const comparison = (op: OpName, check: Check, fn: (a: number, b: number) => boolean): OpRule<None> => ({
  infer: (inputs) => {
    check(op, inputs)
    sameDType(op, inputs)
    return { shape: broadcast(op, inputs), dtype: 'bool' }
  },
  evaluate: mapped((a, b) => Number(fn(a, b))),
})

const any: Check = () => undefined

/** Integer division truncates toward zero, as ONNX does; dividing by zero gives 0. */
const divide = binary('div', numeric, (a, b) => a / b)

/** NaN in either operand gives NaN. */
const larger = (a: number, b: number): number => Math.max(a, b)
const smaller = (a: number, b: number): number => Math.min(a, b)

export const elementwise: OpRules<
  | 'identity'
  | 'stopGradient'
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
  | 'sigmoid'
  | 'softplus'
  | 'relu'
  | 'isNaN'
  | 'not'
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'pow'
  | 'maximum'
  | 'minimum'
  | 'mod'
  | 'equal'
  | 'less'
  | 'lessEqual'
  | 'and'
  | 'or'
  | 'where'
  | 'cast'
> = {
  identity: unary('identity', any, (x) => x),
  stopGradient: unary('stopGradient', any, (x) => x),
  neg: unary('neg', numeric, (x) => -x),
  abs: unary('abs', numeric, Math.abs),
  sign: unary('sign', numeric, Math.sign),
  floor: unary('floor', floating, Math.floor),
  ceil: unary('ceil', floating, Math.ceil),
  round: unary('round', floating, roundHalfToEven),
  exp: unary('exp', floating, Math.exp),
  expm1: unary('expm1', floating, Math.expm1),
  log: unary('log', floating, Math.log),
  log1p: unary('log1p', floating, Math.log1p),
  sqrt: unary('sqrt', floating, Math.sqrt),
  reciprocal: unary('reciprocal', floating, (x) => 1 / x),
  sin: unary('sin', floating, Math.sin),
  cos: unary('cos', floating, Math.cos),
  tanh: unary('tanh', floating, Math.tanh),
  erf: unary('erf', floating, erf),
  erfInv: unary('erfInv', floating, erfInv),
  atan: unary('atan', floating, Math.atan),
  sigmoid: unary('sigmoid', floating, (x) => 1 / (1 + Math.exp(-x))),
  softplus: unary('softplus', floating, (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  relu: unary('relu', floating, (x) => (x < 0 ? 0 : x)),
  isNaN: {
    infer: (inputs) => {
      floating('isNaN', inputs)
      return { shape: (inputs[0] as OperandType).shape, dtype: 'bool' }
    },
    evaluate: ([x]) => Uint8Array.from((x as Value).data, (value) => Number(Number.isNaN(value))),
  },
  not: unary('not', logical, (x) => 1 - x),

  add: binary('add', numeric, (a, b) => a + b),
  sub: binary('sub', numeric, (a, b) => a - b),
  mul: {
    ...binary('mul', numeric, (a, b) => a * b),
    evaluate: (inputs, attributes, result) => mapped(result.dtype === 'int32' ? Math.imul : (a, b) => a * b)(inputs, attributes, result),
  },
  div: divide,
  pow: binary('pow', floating, (a, b) => (a === 1 ? 1 : a ** b)),
  maximum: binary('maximum', numeric, larger),
  minimum: binary('minimum', numeric, smaller),
  mod: binary('mod', numeric, (a, b) => a - b * Math.floor(a / b)),
  equal: comparison('equal', any, (a, b) => a === b),
  less: comparison('less', numeric, (a, b) => a < b),
  lessEqual: comparison('lessEqual', numeric, (a, b) => a <= b),
  and: binary('and', logical, (a, b) => a & b),
  or: binary('or', logical, (a, b) => a | b),
  where: {
    infer: (inputs) => {
      const [condition, ...branches] = inputs as [OperandType, OperandType, OperandType]
      logical('where', [condition])
      sameDType('where', branches)
      return { shape: broadcast('where', inputs), dtype: branches[0].dtype }
    },
    evaluate: (inputs, _, result) => {
      const [condition, whenTrue, whenFalse] = inputs.map((input) => reader(input, result)) as [
        (i: number) => number,
        (i: number) => number,
        (i: number) => number,
      ]
      const data = allocate(result.dtype, sizeOf(result.shape))
      for (let i = 0; i < data.length; i++) data[i] = condition(i) === 0 ? whenFalse(i) : whenTrue(i)
      return data
    },
  },
  cast: {
    infer: (inputs, { dtype }) => ({ shape: (inputs[0] as OperandType).shape, dtype }),
    evaluate: ([x], { dtype }) => {
      const { data } = x as Value
      const result = allocate(dtype, data.length)
      for (let i = 0; i < data.length; i++) result[i] = dtype === 'bool' ? Number(data[i] !== 0) : (data[i] as number)
      return settle(dtype, result)
    },
  },
}
