import type { OpName } from '@grad-ts/tensor'
import type { Bytes } from './binary.ts'
import { bits, f32x4, lanes } from './instructions.ts'

/** What a lane holds: a float32, or a condition as all bits set or none. */
export type LaneType = 'float32' | 'bool'

/** Writes one op on four lanes: the operands are the code that pushes them, `type` is what the first one holds. */
type Row = (operands: readonly [Bytes, Bytes, Bytes], type: LaneType) => Bytes

const unary =
  (instruction: Bytes): Row =>
  ([x]) => [...x, ...instruction]

const binary =
  (instruction: Bytes): Row =>
  ([a, b]) => [...a, ...b, ...instruction]

const same: Row = ([x]) => x

/** −1, 0 or 1; zeros and NaN pass as they are. */
const sign: Row = ([x]) => {
  const unit = [...x, ...lanes(-0), ...bits.and, ...lanes(1), ...bits.or]
  return [...unit, ...x, ...x, ...f32x4.abs, ...lanes(0), ...f32x4.gt, ...bits.select]
}

// Two conditions are equal where no bit differs.
const equal: Row = ([a, b], type) => (type === 'bool' ? [...a, ...b, ...bits.xor, ...bits.not] : [...a, ...b, ...f32x4.eq])

const passing = { identity: same, stopGradient: same, reshape: same, broadcastTo: same } satisfies Partial<Record<OpName, Row>>

/** The ops that a kernel can hold, each rounding once to float32 as the interpreter does. A missing row does not compile. */
const rows = {
  ...passing,
  neg: unary(f32x4.neg),
  abs: unary(f32x4.abs),
  sign,
  floor: unary(f32x4.floor),
  ceil: unary(f32x4.ceil),
  round: unary(f32x4.nearest),
  sqrt: unary(f32x4.sqrt),
  reciprocal: ([x]) => [...lanes(1), ...x, ...f32x4.div],
  // Not the larger of x and 0: a negative zero stays one, as NaN stays NaN.
  relu: ([x]) => [...x, ...x, ...lanes(0), ...f32x4.lt, ...bits.andNot],
  isNaN: ([x]) => [...x, ...x, ...f32x4.ne],
  not: unary(bits.not),
  add: binary(f32x4.add),
  sub: binary(f32x4.sub),
  mul: binary(f32x4.mul),
  div: binary(f32x4.div),
  // WebAssembly's min and max give NaN when either operand is NaN, and order −0 below 0.
  maximum: binary(f32x4.max),
  minimum: binary(f32x4.min),
  equal,
  less: binary(f32x4.lt),
  lessEqual: binary(f32x4.le),
  and: binary(bits.and),
  or: binary(bits.or),
  where: ([condition, whenTrue, whenFalse]) => [...whenTrue, ...whenFalse, ...condition, ...bits.select],
  /** A condition becomes 1 or 0, a number becomes a condition: anything but 0. */
  cast: ([x], type) => (type === 'bool' ? [...x, ...lanes(1), ...bits.and] : [...x, ...lanes(0), ...f32x4.ne]),
} satisfies Partial<Record<OpName, Row>>

export type LaneOp = keyof typeof rows
export const laneOps: Readonly<Record<LaneOp, Row>> = rows
export const isLaneOp = (op: OpName): op is LaneOp => op in rows
/** Tells the ops that change nothing in a flat tensor. */
export const isPassing = (op: OpName): boolean => op in passing

/**
 * Turns numbers too small for a full mantissa into zero, as the session's own arithmetic does. A moment that decays under a
 * gradient of zero would else stay such a number for ever, and some processors are a hundred times slower on them.
 * They have no bit of the exponent, all of which are set in infinity.
 */
export const flush = (x: Bytes): Bytes => [...x, ...x, ...lanes(Infinity), ...bits.and, ...lanes(0), ...bits.equal, ...bits.andNot]
