import type { DType } from './dtype.ts'
import { asTensor, unify } from './create.ts'
import type { None, OpAttributes, OpName } from './ops/attributes.ts'
import { node } from './tensor.ts'
import type { Operand, Tensor } from './tensor.ts'

/** The ops that have no attributes. */
type PlainOp = { [Op in OpName]: OpAttributes[Op] extends None ? (None extends OpAttributes[Op] ? Op : never) : never }[OpName]

const unary =
  (op: PlainOp) =>
  (x: Operand): Tensor =>
    node(op, [asTensor(x)], {})

const binary =
  (op: PlainOp) =>
  (left: Operand, right: Operand): Tensor =>
    node(op, unify([left, right]), {})

/** a + b, elementwise with broadcasting. */
export const add = binary('add')
/** a − b, elementwise with broadcasting. */
export const sub = binary('sub')
/** a · b, elementwise with broadcasting. */
export const mul = binary('mul')
/** a / b, elementwise with broadcasting; int32 division truncates toward zero. */
export const div = binary('div')
/** a to the power b, elementwise with broadcasting. A negative base needs an integer exponent, otherwise the result is NaN. */
export const pow = binary('pow')
/** The larger of two, elementwise with broadcasting; NaN wins. */
export const maximum = binary('maximum')
/** The smaller of two, elementwise with broadcasting; NaN wins. */
export const minimum = binary('minimum')
/** The remainder with the sign of the divisor: a − b·⌊a/b⌋. */
export const mod = binary('mod')
/** a = b as bool. */
export const equal = binary('equal')
/** a < b as bool. */
export const less = binary('less')
/** a ≤ b as bool. */
export const lessEqual = binary('lessEqual')
/** a > b as bool. */
export const greater = (left: Operand, right: Operand): Tensor => less(right, left)
/** a ≥ b as bool. */
export const greaterEqual = (left: Operand, right: Operand): Tensor => lessEqual(right, left)
/** a ≠ b as bool. */
export const notEqual = (left: Operand, right: Operand): Tensor => not(equal(left, right))
/** Logical and of two bool tensors. */
export const and = binary('and')
/** Logical or of two bool tensors. */
export const or = binary('or')
/** Logical not of a bool tensor. */
export const not = unary('not')
/** Exclusive or of two bool tensors. */
export const xor = (left: Operand, right: Operand): Tensor => notEqual(left, right)

/** Passes a tensor on as a node of its own: a place to take a gradient at. */
export const identity = unary('identity')
/** Passes x on, not before `after` is known: what is computed from it cannot be merged with the same work done earlier. */
export const barrier = (x: Tensor, after: Tensor): Tensor => node('barrier', [x, after], {})
/** Passes the value on and lets no gradient through. */
export const stopGradient = unary('stopGradient')
/** −x. */
export const neg = unary('neg')
/** |x|. */
export const abs = unary('abs')
/** −1, 0 or 1. */
export const sign = unary('sign')
/** The largest integer not above x. */
export const floor = unary('floor')
/** The smallest integer not below x. */
export const ceil = unary('ceil')
/** The nearest integer, halves to even. */
export const round = unary('round')
/** e to the power x. */
export const exp = unary('exp')
/** exp(x) − 1 without cancellation near 0. */
export const expm1 = unary('expm1')
/** The natural logarithm. */
export const log = unary('log')
/** log(1 + x) without cancellation near 0. */
export const log1p = unary('log1p')
/** The square root. */
export const sqrt = unary('sqrt')
/** 1 / x. */
export const reciprocal = unary('reciprocal')
/** 1 / √x. */
export const rsqrt = (x: Operand): Tensor => reciprocal(sqrt(x))
/** x². */
export const square = (x: Operand): Tensor => mul(x, x)
/** sin x, x in radians. */
export const sin = unary('sin')
/** cos x, x in radians. */
export const cos = unary('cos')
/** The hyperbolic tangent. */
export const tanh = unary('tanh')
/** The error function. */
export const erf = unary('erf')
/** The inverse of the error function on (−1, 1); ±1 give ±∞. */
export const erfInv = unary('erfInv')
/** The angle in (−π/2, π/2) whose tangent is x. */
export const atan = unary('atan')
/** log(1 + exp(x)), exact for x of any size: the smooth form of max(x, 0). */
export const softplus = unary('softplus')
/** 1 / (1 + exp(−x)). */
export const sigmoid = unary('sigmoid')
/** max(x, 0). */
export const relu = unary('relu')
/** Tells NaN, as bool. */
export const isNaN = unary('isNaN')
/** Tells finite numbers from NaN and infinities, as bool. */
export const isFinite = (x: Tensor): Tensor => less(abs(x), Infinity)

/**
 * Picks elementwise: `whenTrue` where the condition holds, else `whenFalse`; all three broadcast.
 *
 * @example
 * import { tensor, toArray, where } from '@grad-ts/tensor'
 * toArray(where(tensor([true, false]), tensor([1, 2]), 0)) // => [1, 0]
 */
export const where = (condition: Tensor, whenTrue: Operand, whenFalse: Operand): Tensor =>
  node('where', [condition, ...unify([whenTrue, whenFalse])], {})

/** Bounds x to [low, high]; a bound left out is not applied. */
export const clamp = (x: Tensor, low?: Operand, high?: Operand): Tensor => {
  const raised = low === undefined ? x : maximum(x, low)
  return high === undefined ? raised : minimum(raised, high)
}

/** Converts to another dtype; floats to int32 truncate, anything but 0 becomes true. */
export const cast = (x: Tensor, dtype: DType): Tensor => (x.dtype === dtype ? x : node('cast', [x], { dtype }))
