import { float32, signed, unsigned } from './binary.ts'
import type { Bytes } from './binary.ts'

/** The scalar instructions that a kernel uses. */
export const get = (local: number): Bytes => [0x20, ...unsigned(local)]
export const set = (local: number): Bytes => [0x21, ...unsigned(local)]
export const addIntegers: Bytes = [0x6a]
export const lessUnsigned: Bytes = [0x49]
export const isZero: Bytes = [0x45]
export const integer = (value: number): Bytes => [0x41, ...signed(value)]

/** Runs a body that leaves when `leave` branches out of it. */
export const block = (body: Bytes): Bytes => [0x02, 0x40, ...body, 0x0b]
/** Runs a body again when `leave` branches to its start. */
export const loop = (body: Bytes): Bytes => [0x03, 0x40, ...body, 0x0b]
/** Branches when the number on the stack is not zero, out of (or to the start of) the body at a depth. */
export const branchIf = (depth: number): Bytes => [0x0d, ...unsigned(depth)]

const simd = (code: number): Bytes => [0xfd, ...unsigned(code)]

// Alignment is given as a power of two. Tensors of the state start at a multiple of 16 bytes, those in a packed output at one of 4.
export const load: Bytes = [...simd(0), 2, 0]
export const store: Bytes = [...simd(11), 4, 0]

/** Four lanes of the float32 on the stack. */
export const splat = simd(19)
/** Four lanes of one known float32. */
export const lanes = (value: number): Bytes => {
  const bytes = float32(value)
  return [...simd(12), ...bytes, ...bytes, ...bytes, ...bytes]
}

/** Four lanes of a condition: all bits set, or none. */
export const condition = (holds: boolean): Bytes => [...simd(12), ...Array<number>(16).fill(holds ? 255 : 0)]

/** Instructions on four float32 lanes; comparisons give all bits set or none. */
export const f32x4 = {
  eq: simd(65),
  ne: simd(66),
  lt: simd(67),
  gt: simd(68),
  le: simd(69),
  ceil: simd(103),
  floor: simd(104),
  nearest: simd(106),
  abs: simd(224),
  neg: simd(225),
  sqrt: simd(227),
  add: simd(228),
  sub: simd(229),
  mul: simd(230),
  div: simd(231),
  min: simd(232),
  max: simd(233),
} as const

/** Instructions on bits; `andNot` is a ∧ ¬b, `select` takes a where the last operand is set, else b, `equal` compares whole lanes. */
export const bits = {
  not: simd(77),
  and: simd(78),
  andNot: simd(79),
  or: simd(80),
  xor: simd(81),
  select: simd(82),
  equal: simd(55),
} as const
