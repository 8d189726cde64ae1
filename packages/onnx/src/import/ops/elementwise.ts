import {
  abs,
  acos,
  acosh,
  add,
  and,
  asin,
  asinh,
  atan,
  atanh,
  cast,
  ceil,
  clamp,
  cos,
  cosh,
  div,
  equal,
  erf,
  exp,
  expm1,
  floor,
  greater,
  greaterEqual,
  isFloat,
  isNaN,
  less,
  lessEqual,
  log,
  maximum,
  minimum,
  mod,
  mul,
  neg,
  not,
  or,
  pow,
  reciprocal,
  relu,
  reshape,
  round,
  sigmoid,
  sign,
  sin,
  sinh,
  softplus,
  sqrt,
  square,
  sub,
  tan,
  tanh,
  where,
  xor,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { fail, floatAttribute, intAttribute, optionalAt, optionalFloat, stringAttribute, tensorAt, tensorsAt } from '../call.ts'
import type { Call, Converter } from '../call.ts'

const unary =
  (fn: (x: Tensor) => Tensor): Converter =>
  (call) =>
    fn(tensorAt(call, 0))

/** Before opset 7, `broadcast` and `axis` said where the second operand aligns. */
const alignedSecond = (call: Call): Tensor => {
  const [x, y] = [tensorAt(call, 0), tensorAt(call, 1)]
  const axis = intAttribute(call, 'axis', -1)
  if (call.opset >= 7 || axis < 0 || intAttribute(call, 'broadcast', 0) === 0) return y
  return reshape(y, [...y.shape, ...Array.from<number>({ length: Math.max(0, x.shape.length - axis - y.shape.length) }).fill(1)])
}

const binary =
  (fn: (x: Tensor, y: Tensor) => Tensor): Converter =>
  (call) =>
    fn(tensorAt(call, 0), alignedSecond(call))

/** Ops of any number of operands. */
const variadic =
  (fn: (x: Tensor, y: Tensor) => Tensor, finish: (x: Tensor, count: number) => Tensor = (x) => x): Converter =>
  (call) => {
    const operands = tensorsAt(call)
    return operands.length === 0 ? fail(call, 'expected at least one input') : finish(operands.reduce(fn), operands.length)
  }

/** The remainder with the sign of the dividend, as in C. */
const truncatedMod = (x: Tensor, y: Tensor): Tensor => {
  const magnitude = mod(abs(x), abs(y))
  return where(less(x, 0), neg(magnitude), magnitude)
}

/** A power whose exponent is a small known integer has no logarithm in its gradient. */
const power = (x: Tensor, exponent: Tensor): Tensor => {
  const converted = cast(exponent, x.dtype)
  if (converted.op === 'constant' && converted.shape.every((length) => length === 1) && converted.shape.length <= x.shape.length) {
    const value = (converted as Tensor<'constant'>).attributes.data[0]
    if (value === 2) return square(x)
    if (value === 3) return mul(square(x), x)
    if (value === 1) return x
    if (value === 0.5 && isFloat(x.dtype)) return sqrt(x)
    if (value === -1 && isFloat(x.dtype)) return reciprocal(x)
  }
  return isFloat(x.dtype) ? pow(x, converted) : cast(round(pow(cast(x, 'float64'), cast(exponent, 'float64'))), x.dtype)
}

const normalCdf = (x: Tensor): Tensor => mul(0.5, add(1, erf(mul(x, Math.SQRT1_2))))

/** x·Φ(x), or its approximation through tanh. */
export const gelu = (x: Tensor, approximate: boolean): Tensor => {
  if (!approximate) return mul(x, normalCdf(x))
  const inner = mul(Math.sqrt(2 / Math.PI), add(x, mul(0.044715, mul(square(x), x))))
  return mul(mul(0.5, x), add(1, tanh(inner)))
}

export const elu = (x: Tensor, alpha: number): Tensor => where(greater(x, 0), x, mul(alpha, expm1(minimum(x, 0))))

export const selu = (x: Tensor, alpha = 1.6732632423543772, gamma = 1.0507009873554805): Tensor => mul(gamma, elu(x, alpha))

export const leakyRelu = (x: Tensor, alpha: number): Tensor => where(less(x, 0), mul(x, alpha), x)

export const hardSigmoid = (x: Tensor, alpha: number, beta: number): Tensor => clamp(add(mul(x, alpha), beta), 0, 1)

const clip: Converter = (call) => {
  const x = tensorAt(call, 0)
  if (call.opset < 11) return clamp(x, optionalFloat(call, 'min'), optionalFloat(call, 'max'))
  return clamp(x, optionalAt(call, 1), optionalAt(call, 2))
}

/** PReLU's slope aligns with the last axes since opset 9, with the channel axis before. */
const prelu: Converter = (call) => {
  const [x, slope] = [tensorAt(call, 0), tensorAt(call, 1)]
  const perChannel = slope.shape.length === 1 && x.shape.length > 2 && slope.shape[0] === x.shape[1] && slope.shape[0] !== x.shape.at(-1)
  const aligned = perChannel ? reshape(slope, [slope.shape[0] as number, ...x.shape.slice(2).map(() => 1)]) : slope
  return where(less(x, 0), mul(aligned, x), x)
}

const isInf: Converter = (call) => {
  const x = tensorAt(call, 0)
  const positive = intAttribute(call, 'detect_positive', 1) === 1
  const negative = intAttribute(call, 'detect_negative', 1) === 1
  if (positive && negative) return equal(abs(x), Infinity)
  return equal(x, positive ? Infinity : negative ? -Infinity : Number.NaN)
}

const shrink: Converter = (call) => {
  const x = tensorAt(call, 0)
  const bias = floatAttribute(call, 'bias', 0)
  const lambda = floatAttribute(call, 'lambd', 0.5)
  return where(less(x, -lambda), add(x, bias), where(greater(x, lambda), sub(x, bias), mul(x, 0)))
}

/** Dropout is absent when a file is read; its mask keeps everything. */
const dropout: Converter = (call) => {
  const x = tensorAt(call, 0)
  return [x, greaterEqual(mul(cast(x, 'int32'), 0), 0)]
}

const swish = (x: Tensor, alpha: number): Tensor => mul(x, sigmoid(mul(x, alpha)))

/** Elementwise operators; the broadcast rules of both sides are NumPy's. */
export const elementwise: Readonly<Record<string, Converter>> = {
  Abs: unary(abs),
  Acos: unary(acos),
  Acosh: unary(acosh),
  Add: binary(add),
  And: binary(and),
  Asin: unary(asin),
  Asinh: unary(asinh),
  Atan: unary(atan),
  Atanh: unary(atanh),
  Ceil: unary(ceil),
  Celu: (call) => {
    const x = tensorAt(call, 0)
    const alpha = floatAttribute(call, 'alpha', 1)
    return add(relu(x), mul(alpha, expm1(minimum(div(x, alpha), 0))))
  },
  Clip: clip,
  Cos: unary(cos),
  Cosh: unary(cosh),
  Div: binary(div),
  Dropout: dropout,
  Elu: (call) => elu(tensorAt(call, 0), floatAttribute(call, 'alpha', 1)),
  Equal: binary(equal),
  Erf: unary(erf),
  Exp: unary(exp),
  Floor: unary(floor),
  Gelu: (call) => gelu(tensorAt(call, 0), stringAttribute(call, 'approximate', 'none') === 'tanh'),
  Greater: binary(greater),
  GreaterOrEqual: binary(greaterEqual),
  HardSigmoid: (call) => hardSigmoid(tensorAt(call, 0), floatAttribute(call, 'alpha', 0.2), floatAttribute(call, 'beta', 0.5)),
  HardSwish: (call) => mul(tensorAt(call, 0), hardSigmoid(tensorAt(call, 0), 1 / 6, 0.5)),
  Identity: (call) => [call.values[0] ?? tensorAt(call, 0)],
  IsInf: isInf,
  IsNaN: unary(isNaN),
  LeakyRelu: (call) => leakyRelu(tensorAt(call, 0), floatAttribute(call, 'alpha', 0.01)),
  Less: binary(less),
  LessOrEqual: binary(lessEqual),
  Log: unary(log),
  Max: variadic(maximum),
  Mean: variadic(add, (total, count) => div(total, count)),
  Min: variadic(minimum),
  Mish: (call) => mul(tensorAt(call, 0), tanh(softplus(tensorAt(call, 0)))),
  Mod: (call) => (intAttribute(call, 'fmod', 0) === 1 ? truncatedMod : mod)(tensorAt(call, 0), tensorAt(call, 1)),
  Mul: binary(mul),
  Neg: unary(neg),
  Not: unary(not),
  Or: binary(or),
  PRelu: prelu,
  Pow: (call) => power(tensorAt(call, 0), alignedSecond(call)),
  Reciprocal: unary(reciprocal),
  Relu: unary((x) => (isFloat(x.dtype) ? relu(x) : maximum(x, 0))),
  Round: unary(round),
  Selu: (call) => selu(tensorAt(call, 0), optionalFloat(call, 'alpha'), optionalFloat(call, 'gamma')),
  Shrink: shrink,
  Sigmoid: unary(sigmoid),
  Sign: unary(sign),
  Sin: unary(sin),
  Sinh: unary(sinh),
  Softplus: unary(softplus),
  Softsign: (call) => div(tensorAt(call, 0), add(1, abs(tensorAt(call, 0)))),
  Sqrt: unary(sqrt),
  Sub: binary(sub),
  Sum: variadic(add),
  SwiGLU: (call) => mul(swish(tensorAt(call, 0), floatAttribute(call, 'alpha', 1)), tensorAt(call, 1)),
  Swish: (call) => swish(tensorAt(call, 0), floatAttribute(call, 'alpha', 1)),
  Tan: unary(tan),
  Tanh: unary(tanh),
  ThresholdedRelu: (call) => {
    const x = tensorAt(call, 0)
    return where(greater(x, floatAttribute(call, 'alpha', 1)), x, mul(x, 0))
  },
  Where: (call) => where(tensorAt(call, 0), tensorAt(call, 1), tensorAt(call, 2)),
  Xor: binary(xor),
}
