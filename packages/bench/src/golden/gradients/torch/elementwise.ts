import * as t from '@grad-ts/tensor'
import type { DType, Tensor } from '@grad-ts/tensor'
import { Float, isNumber, TypeObject } from '../python/values.ts'
import { aliases, functions, promote } from './arguments.ts'
import type { Arguments, Handler } from './arguments.ts'

const unary =
  (fn: (x: Tensor) => Tensor): Handler =>
  (a) =>
    fn(a.floats('input')[0] as Tensor)

const plain =
  (fn: (x: Tensor) => Tensor): Handler =>
  (a) =>
    fn(a.tensor('input'))

const binary =
  (fn: (x: Tensor, y: Tensor) => Tensor): Handler =>
  (a) =>
    fn(...(a.promoted('input', 'other') as [Tensor, Tensor]))

const floating =
  (fn: (x: Tensor, y: Tensor) => Tensor): Handler =>
  (a) =>
    fn(...(a.floats('input', 'other') as [Tensor, Tensor]))

export const truncated = (x: Tensor): Tensor => (t.isFloat(x.dtype) ? t.where(t.less(x, 0), t.ceil(x), t.floor(x)) : x)

const rounded = (x: Tensor, mode: string | undefined): Tensor => (mode === 'floor' ? t.floor(x) : mode === 'trunc' ? truncated(x) : x)

const divided = (a: Arguments): Tensor => {
  const [x, y] = a.floats('input', 'other') as [Tensor, Tensor]
  return rounded(t.div(x, y), a.maybeText('rounding_mode'))
}

/** Whole numbers stay whole. */
const floorDivided = (a: Arguments): Tensor => {
  const [x, y] = a.promoted('input', 'other') as [Tensor, Tensor]
  return t.isFloat(x.dtype) ? t.floor(t.div(x, y)) : t.cast(t.floor(t.div(t.cast(x, 'float64'), t.cast(y, 'float64'))), x.dtype)
}

const power = (a: Arguments): Tensor => {
  const [x, y] = a.promoted('input', 'exponent') as [Tensor, Tensor]
  return t.isFloat(x.dtype) ? t.pow(x, y) : t.cast(t.round(t.pow(t.cast(x, 'float64'), t.cast(y, 'float64'))), x.dtype)
}

/** Scales the second operand, as `torch.add(x, y, alpha=2)` does. */
const scaled =
  (fn: (x: Tensor, y: Tensor) => Tensor): Handler =>
  (a) => {
    const [x, y] = a.promoted('input', 'other') as [Tensor, Tensor]
    const alpha = a.raw('alpha')
    return fn(x, isNumber(alpha) && a.number('alpha') !== 1 ? t.mul(y, a.number('alpha')) : y)
  }

const clamped = (x: Tensor, low: Tensor | undefined, high: Tensor | undefined): Tensor => t.clamp(x, low, high)

const bound = (a: Arguments, name: string, x: Tensor): Tensor | undefined => (a.has(name) ? t.cast(a.tensor(name), x.dtype) : undefined)

/** Applies a test and keeps NaN out of the gradient where it does not hold. */
const safely = (condition: Tensor, x: Tensor, stand: number, fn: (x: Tensor) => Tensor, otherwise: t.Operand): Tensor =>
  t.where(condition, fn(t.where(condition, x, stand)), otherwise)

const sinc = (x: Tensor): Tensor => safely(t.notEqual(x, 0), t.mul(x, Math.PI), 1, (angle) => t.div(t.sin(angle), angle), 1)

const hypot = (x: Tensor, y: Tensor): Tensor => t.sqrt(t.add(t.square(x), t.square(y)))

const digamma = (x: Tensor): Tensor => {
  // Recurrence up to arguments where the asymptotic series has 12 digits.
  const shifted = t.add(x, 12)
  const steps = Array.from({ length: 12 }, (_, i) => t.reciprocal(t.add(x, i))).reduce((total, term) => t.add(total, term))
  const inverse = t.reciprocal(t.square(shifted))
  const terms = [-1 / 12, 1 / 120, -1 / 252, 1 / 240, -1 / 132, 691 / 32760, -1 / 12]
  const series = terms.reduceRight<Tensor>((rest, term) => t.mul(inverse, t.add(rest, term)), t.mul(inverse, 0))
  return t.sub(t.add(t.sub(t.log(shifted), t.div(0.5, shifted)), series), steps)
}

const polygamma = (order: number, x: Tensor): Tensor => {
  if (order === 0) return digamma(x)
  const factorial = Array.from({ length: order }, (_, i) => i + 1).reduce((product, i) => product * i, 1)
  const shifted = t.add(x, 16)
  const direct = Array.from({ length: 16 }, (_, i) => t.pow(t.add(x, i), -order - 1)).reduce((total, term) => t.add(total, term))
  const bernoulli = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730]
  let tail = t.add(t.div(t.pow(shifted, -order), order), t.mul(t.pow(shifted, -order - 1), 0.5))
  let coefficient = 1
  bernoulli.forEach((number, i) => {
    const k = i + 1
    coefficient = Array.from({ length: 2 * k - 1 }, (_, j) => order + j + 1).reduce((product, j) => product * j, 1)
    const even = Array.from({ length: 2 * k }, (_, j) => j + 1).reduce((product, j) => product * j, 1)
    tail = t.add(tail, t.mul(t.pow(shifted, -order - 2 * k), (number * coefficient) / even))
  })
  return t.mul(t.add(direct, tail), (order % 2 === 0 ? -1 : 1) * factorial)
}

/** The modified Bessel function I₀ by its power series, for arguments up to about 15. */
const bessel = (x: Tensor): Tensor => {
  const quarter = t.mul(t.square(x), 0.25)
  let sum = t.onesLike(x)
  for (let k = 40; k >= 1; k--) sum = t.add(t.mul(t.div(quarter, k * k), sum), 1)
  return sum
}

const logit = (x: Tensor, eps: number | undefined): Tensor => {
  const p = eps === undefined ? x : t.clamp(x, eps, 1 - eps)
  return t.sub(t.log(p), t.log1p(t.neg(p)))
}

const replaceNonFinite = (a: Arguments): Tensor => {
  const x = a.tensor('input')
  const largest = x.dtype === 'float64' ? Number.MAX_VALUE : 3.4028234663852886e38
  const withoutNaN = safely(t.not(t.isNaN(x)), x, 0, (y) => y, a.maybeNumber('nan') ?? 0)
  const low = t.where(t.equal(withoutNaN, -Infinity), a.maybeNumber('neginf') ?? -largest, withoutNaN)
  return t.where(t.equal(low, Infinity), a.maybeNumber('posinf') ?? largest, low)
}

const normalCdf = (x: Tensor): Tensor => t.mul(t.add(t.erf(t.mul(x, Math.SQRT1_2)), 1), 0.5)

const logical =
  (fn: (x: Tensor, y: Tensor) => Tensor): Handler =>
  (a) =>
    fn(t.cast(a.tensor('input'), 'bool'), t.cast(a.tensor('other'), 'bool'))

/** `torch.where(mask, x, y)`, or `x.where(mask, y)` as a method. */
const chosen = (a: Arguments): Tensor => {
  const [first, second] = [a.tensor('condition'), a.tensor('input')]
  const method = first.dtype !== 'bool' && second.dtype === 'bool'
  const [x, y] = promote([a.raw(method ? 'condition' : 'input'), a.raw('other')], a.float) as [Tensor, Tensor]
  return t.where(method ? second : first, x, y)
}

const filled = (x: Tensor, mask: Tensor, value: t.Operand): Tensor => t.where(mask, value, x)

const converted = (a: Arguments): Tensor => {
  const x = a.tensor('input')
  for (const value of a.raw('targets') as readonly unknown[]) {
    if (value instanceof TypeObject) return t.cast(x, value.dtype)
    if (typeof value === 'object' && value !== null && 'value' in value && !(value instanceof Float))
      return t.cast(x, (value as { value: Tensor }).value.dtype)
  }
  return a.dtype('dtype') === undefined ? x : t.cast(x, a.dtype('dtype') as DType)
}

const roundedTo = (x: Tensor, decimals: number): Tensor =>
  decimals === 0 ? t.round(x) : t.div(t.round(t.mul(x, 10 ** decimals)), 10 ** decimals)

const base = functions({
  'abs(input)': plain(t.abs),
  'acos(input)': unary(t.acos),
  'acosh(input)': unary(t.acosh),
  'add(input, other, *, alpha=1)': scaled((x, y) => (x.dtype === 'bool' ? t.or(x, y) : t.add(x, y))),
  'addcdiv(input, tensor1, tensor2, *, value=1)': (a) =>
    t.add(a.tensor('input'), t.mul(t.div(a.tensor('tensor1'), a.tensor('tensor2')), a.number('value'))),
  'addcmul(input, tensor1, tensor2, *, value=1)': (a) =>
    t.add(a.tensor('input'), t.mul(t.mul(a.tensor('tensor1'), a.tensor('tensor2')), a.number('value'))),
  'asin(input)': unary(t.asin),
  'asinh(input)': unary(t.asinh),
  'atan(input)': unary(t.atan),
  'atan2(input, other)': floating(t.atan2),
  'atanh(input)': unary(t.atanh),
  'bitwise_not(input)': plain((x) => (x.dtype === 'bool' ? t.not(x) : t.sub(t.neg(x), 1))),
  'bool(input)': plain((x) => t.cast(x, 'bool')),
  'ceil(input)': plain((x) => (t.isFloat(x.dtype) ? t.ceil(x) : x)),
  'clamp(input, min=None, max=None)': (a) => {
    const x = a.tensor('input')
    return clamped(x, bound(a, 'min', x), bound(a, 'max', x))
  },
  'clamp_max(input, max)': (a) => t.minimum(a.tensor('input'), t.cast(a.tensor('max'), a.tensor('input').dtype)),
  'clamp_min(input, min)': (a) => t.maximum(a.tensor('input'), t.cast(a.tensor('min'), a.tensor('input').dtype)),
  'clone(input, *, memory_format=None)': plain((x) => x),
  'copysign(input, other)': floating((x, y) => t.where(t.less(y, 0), t.neg(t.abs(x)), t.abs(x))),
  'cos(input)': unary(t.cos),
  'cosh(input)': unary(t.cosh),
  'deg2rad(input)': unary((x) => t.mul(x, Math.PI / 180)),
  'detach(input)': plain(t.stopGradient),
  'digamma(input)': unary(digamma),
  'div(input, other, *, rounding_mode=None)': divided,
  'double(input)': (a) => t.cast(a.tensor('input'), a.float),
  'eq(input, other)': binary(t.equal),
  'erf(input)': unary(t.erf),
  'erfc(input)': unary((x) => t.sub(1, t.erf(x))),
  'erfinv(input)': unary(t.erfInv),
  'exp(input)': unary(t.exp),
  'exp2(input)': unary((x) => t.exp(t.mul(x, Math.LN2))),
  'expm1(input)': unary(t.expm1),
  'float_power(input, exponent)': (a) => t.pow(...(a.floats('input', 'exponent') as [Tensor, Tensor])),
  'floor(input)': plain((x) => (t.isFloat(x.dtype) ? t.floor(x) : x)),
  'floor_divide(input, other)': floorDivided,
  'fmax(input, other)': binary((x, y) => t.where(t.isNaN(x), y, t.where(t.isNaN(y), x, t.maximum(x, y)))),
  'fmin(input, other)': binary((x, y) => t.where(t.isNaN(x), y, t.where(t.isNaN(y), x, t.minimum(x, y)))),
  'fmod(input, other)': binary((x, y) => t.sub(x, t.mul(y, truncated(t.div(x, y))))),
  'frac(input)': unary((x) => t.sub(x, truncated(x))),
  'ge(input, other)': binary(t.greaterEqual),
  'gt(input, other)': binary(t.greater),
  'heaviside(input, values)': (a) => {
    const [x, values] = a.promoted('input', 'values') as [Tensor, Tensor]
    return t.where(t.equal(x, 0), values, t.cast(t.less(0, x), x.dtype))
  },
  'hypot(input, other)': floating(hypot),
  'i0(input)': unary(bessel),
  'isclose(input, other, rtol=1e-5, atol=1e-8)': (a) => {
    const [x, y] = a.promoted('input', 'other') as [Tensor, Tensor]
    return t.lessEqual(t.abs(t.sub(x, y)), t.add(t.mul(t.abs(y), a.number('rtol')), a.number('atol')))
  },
  'isfinite(input)': plain(t.isFinite),
  'isinf(input)': plain((x) => t.equal(t.abs(x), Infinity)),
  'isnan(input)': plain(t.isNaN),
  'ldexp(input, other)': floating((x, y) => t.mul(x, t.exp(t.mul(y, Math.LN2)))),
  'le(input, other)': binary(t.lessEqual),
  'lerp(input, end, weight)': (a) => {
    const [x, end, weight] = a.floats('input', 'end', 'weight') as [Tensor, Tensor, Tensor]
    return t.add(x, t.mul(weight, t.sub(end, x)))
  },
  'lgamma(input)': unary(t.logGamma),
  'log(input)': unary(t.log),
  'log10(input)': unary((x) => t.div(t.log(x), Math.LN10)),
  'log1p(input)': unary(t.log1p),
  'log2(input)': unary((x) => t.div(t.log(x), Math.LN2)),
  'log_ndtr(input)': unary((x) => t.log(normalCdf(x))),
  'logaddexp(input, other)': floating(t.logAddExp),
  'logaddexp2(input, other)': floating((x, y) => t.div(t.logAddExp(t.mul(x, Math.LN2), t.mul(y, Math.LN2)), Math.LN2)),
  'logical_and(input, other)': logical(t.and),
  'logical_not(input)': plain((x) => t.not(t.cast(x, 'bool'))),
  'logical_or(input, other)': logical(t.or),
  'logical_xor(input, other)': logical(t.xor),
  'logit(input, eps=None)': (a) => logit(a.tensor('input'), a.maybeNumber('eps')),
  'long(input)': plain((x) => t.cast(x, 'int32')),
  'lt(input, other)': binary(t.less),
  'masked_fill(input, mask, value)': (a) => filled(a.tensor('input'), a.tensor('mask'), t.cast(a.tensor('value'), a.tensor('input').dtype)),
  'maximum(input, other)': binary(t.maximum),
  'minimum(input, other)': binary(t.minimum),
  'mul(input, other)': binary((x, y) => (x.dtype === 'bool' ? t.and(x, y) : t.mul(x, y))),
  'mvlgamma(input, p)': (a) => {
    const p = a.number('p')
    const terms = Array.from({ length: p }, (_, i) => t.logGamma(t.sub(a.tensor('input'), i / 2)))
    return t.add(
      terms.reduce((total, term) => t.add(total, term)),
      ((p * (p - 1)) / 4) * Math.log(Math.PI),
    )
  },
  'nan_to_num(input, nan=0, posinf=None, neginf=None)': replaceNonFinite,
  'ndtr(input)': unary(normalCdf),
  'ne(input, other)': binary(t.notEqual),
  'neg(input)': plain(t.neg),
  'polygamma(n, input)': (a) => polygamma(a.number('n'), a.tensor('input')),
  'positive(input)': plain((x) => x),
  'pow(input, exponent)': power,
  'rad2deg(input)': unary((x) => t.mul(x, 180 / Math.PI)),
  'reciprocal(input)': unary(t.reciprocal),
  'relu(input, inplace=False)': plain(t.relu),
  'remainder(input, other)': binary(t.mod),
  'round(input, *, decimals=0)': (a) =>
    t.isFloat(a.tensor('input').dtype) ? roundedTo(a.tensor('input'), a.number('decimals')) : a.tensor('input'),
  'rsqrt(input)': unary(t.rsqrt),
  'rsub(input, other, *, alpha=1)': scaled((x, y) => t.sub(y, x)),
  'sigmoid(input)': unary(t.sigmoid),
  'sign(input)': plain(t.sign),
  'signbit(input)': plain((x) => t.less(x, 0)),
  'sin(input)': unary(t.sin),
  'sinc(input)': unary(sinc),
  'sinh(input)': unary(t.sinh),
  'sqrt(input)': unary(t.sqrt),
  'square(input)': plain(t.square),
  'sub(input, other, *, alpha=1)': scaled(t.sub),
  'tan(input)': unary(t.tan),
  'tanh(input)': unary(t.tanh),
  'to(input, *targets, dtype=None)': converted,
  'trunc(input)': plain(truncated),
  'type_as(input, other)': (a) => t.cast(a.tensor('input'), a.tensor('other').dtype),
  'where(condition, input=None, other=None)': chosen,
  'entr(input)': unary((x) => t.where(t.equal(x, 0), 0, t.neg(t.xLogY(x, x)))),
  'xlog1py(input, other)': floating((x, y) => t.xLogY(x, t.add(y, 1))),
  'xlogy(input, other)': floating(t.xLogY),
})

/** Arithmetic, comparisons and functions of single numbers. */
export const elementwise = new Map([
  ...base,
  ...aliases(base, {
    abs: 'absolute',
    acos: 'arccos',
    acosh: 'arccosh',
    asin: 'arcsin',
    asinh: 'arcsinh',
    atan: 'arctan',
    atan2: 'arctan2',
    atanh: 'arctanh',
    bitwise_not: '__invert__',
    clamp: 'clip',
    clone: 'contiguous requires_grad_ alias real conj resolve_conj',
    digamma: 'psi',
    div: 'divide true_divide',
    double: 'float',
    long: 'int',
    ge: 'greater_equal',
    gt: 'greater',
    le: 'less_equal',
    lgamma: 'gammaln',
    logical_and: 'bitwise_and',
    logical_or: 'bitwise_or',
    logical_xor: 'bitwise_xor',
    lt: 'less',
    mul: 'multiply',
    mvlgamma: 'multigammaln',
    ne: 'not_equal',
    neg: 'negative',
    sigmoid: 'expit',
    sign: 'sgn',
    sub: 'subtract',
    trunc: 'fix',
    to: 'type',
  }),
])
