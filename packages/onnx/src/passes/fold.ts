import { evaluate, isConstant, sizeOf } from '@grad-ts/tensor'
import type { Rewrite } from './rule.ts'

// A folded value travels in the model: what is larger than this and than its operands stays a computation.
const limit = 1024

/** Computes what depends on nothing but constants, once, at compile time. */
export const foldConstants: Rewrite = (node) => {
  if (node.inputs.length === 0 || node.op === 'barrier' || !node.inputs.every(isConstant)) return undefined
  const given = node.inputs.reduce((total, { shape }) => total + sizeOf(shape), 0)
  return sizeOf(node.shape) <= Math.max(limit, given) ? evaluate(node) : undefined
}
