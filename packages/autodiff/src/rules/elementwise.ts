import {
  add,
  cast,
  cos,
  div,
  equal,
  exp,
  isFloat,
  lessEqual,
  less,
  log,
  mul,
  neg,
  sign,
  sin,
  square,
  sub,
  where,
  pow,
  reciprocal,
  sigmoid,
  floor,
} from '@grad-ts/tensor'
import type { OpName, Tensor } from '@grad-ts/tensor'
import { unbroadcast } from './rule.ts'
import type { GradientRules } from './rule.ts'

/** A unary op whose derivative is known from its operand x and its result y. */
const scaled =
  (derivative: (x: Tensor, y: Tensor) => Tensor) =>
  (cotangent: Tensor, node: Tensor): [Tensor] => [mul(cotangent, derivative(node.inputs[0] as Tensor, node))]

/** A binary op with both partial products; each is summed where its operand was repeated. */
const both =
  (rule: (cotangent: Tensor, a: Tensor, b: Tensor, y: Tensor) => readonly [Tensor, Tensor]) =>
  (cotangent: Tensor, node: Tensor): Tensor[] => {
    const [a, b] = node.inputs as [Tensor, Tensor]
    const [left, right] = rule(cotangent, a, b, node)
    return [unbroadcast(left, a.shape), unbroadcast(right, b.shape)]
  }

const none = (_: Tensor, node: Tensor): null[] => node.inputs.map(() => null)

/** The cotangent where `won` holds; where two operands tie, each gets half, the mean of the one-sided derivatives. */
const chosen = (cotangent: Tensor, a: Tensor, b: Tensor, won: Tensor): Tensor =>
  where(equal(a, b), mul(cotangent, 0.5), where(won, cotangent, 0))

const zeroTo = (condition: Tensor, value: Tensor): Tensor => where(condition, 0, value)

type Elementwise = Extract<
  OpName,
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
>

export const elementwise: GradientRules<Elementwise> = {
  identity: (cotangent) => [cotangent],
  stopGradient: none,
  neg: (cotangent) => [neg(cotangent)],
  abs: scaled((x) => sign(x)),
  sign: none,
  floor: none,
  ceil: none,
  round: none,
  exp: scaled((_, y) => y),
  expm1: scaled((_, y) => add(y, 1)),
  log: (cotangent, { inputs: [x] }) => [div(cotangent, x as Tensor)],
  log1p: (cotangent, { inputs: [x] }) => [div(cotangent, add(x as Tensor, 1))],
  sqrt: (cotangent, node) => [div(mul(cotangent, 0.5), node)],
  reciprocal: scaled((_, y) => neg(square(y))),
  sin: scaled((x) => cos(x)),
  cos: scaled((x) => neg(sin(x))),
  tanh: scaled((_, y) => sub(1, square(y))),
  erf: scaled((x) => mul(2 / Math.sqrt(Math.PI), exp(neg(square(x))))),
  erfInv: scaled((_, y) => mul(Math.sqrt(Math.PI) / 2, exp(square(y)))),
  atan: scaled((x) => reciprocal(add(square(x), 1))),
  softplus: scaled((x) => sigmoid(x)),
  sigmoid: scaled((_, y) => mul(y, sub(1, y))),
  relu: (cotangent, { inputs: [x] }) => [where(lessEqual(x as Tensor, 0), 0, cotangent)],
  isNaN: none,
  not: none,
  add: both((cotangent) => [cotangent, cotangent]),
  sub: both((cotangent) => [cotangent, neg(cotangent)]),
  mul: both((cotangent, a, b) => [mul(cotangent, b), mul(cotangent, a)]),
  div: both((cotangent, _, b, y) => [div(cotangent, b), neg(mul(cotangent, div(y, b)))]),
  // x^0 has derivative 0 also at x = 0, and 0^b does not depend on a positive b.
  pow: both((cotangent, a, b, y) => [
    mul(cotangent, zeroTo(equal(b, 0), mul(b, pow(a, where(equal(b, 0), 1, sub(b, 1)))))),
    mul(cotangent, zeroTo(equal(a, 0), mul(y, log(where(lessEqual(a, 0), 1, a))))),
  ]),
  maximum: both((cotangent, a, b) => [chosen(cotangent, a, b, less(b, a)), chosen(cotangent, a, b, less(a, b))]),
  minimum: both((cotangent, a, b) => [chosen(cotangent, a, b, less(a, b)), chosen(cotangent, a, b, less(b, a))]),
  mod: both((cotangent, a, b) => [cotangent, neg(mul(cotangent, floor(div(a, b))))]),
  equal: none,
  less: none,
  lessEqual: none,
  and: none,
  or: none,
  where: (cotangent, node) => {
    const [condition, whenTrue, whenFalse] = node.inputs as [Tensor, Tensor, Tensor]
    return [null, unbroadcast(where(condition, cotangent, 0), whenTrue.shape), unbroadcast(where(condition, 0, cotangent), whenFalse.shape)]
  },
  cast: (cotangent, { inputs: [x] }) => [
    isFloat((x as Tensor).dtype) && isFloat(cotangent.dtype) ? cast(cotangent, (x as Tensor).dtype) : null,
  ],
}
