import { reshape, sum } from '@grad-ts/tensor'
import type { OpName, Shape, Tensor } from '@grad-ts/tensor'

/** What a costly rule may use besides the cotangent. */
export interface RuleContext {
  /** Which operands anyone asks about. */
  readonly wanted: readonly boolean[]
  /** Differentiates a graph: the gradients of Σ cotangent · output with respect to the sources. */
  readonly pullBackAll: (outputs: readonly Tensor[], cotangents: readonly Tensor[], sources: readonly Tensor[]) => Tensor[]
}

/**
 * The gradient rule of an op: from the cotangent of its result to the cotangents of its operands.
 * `null` stands for no gradient.
 */
export type GradientRule<Op extends OpName> = (cotangent: Tensor, node: Tensor<Op>, context: RuleContext) => readonly (Tensor | null)[]

export type GradientRules<Op extends OpName> = { readonly [Name in Op]: GradientRule<Name> }

/** Sums a cotangent over the axes along which an operand of this shape was repeated. */
export const unbroadcast = (cotangent: Tensor, shape: Shape): Tensor => {
  const offset = cotangent.shape.length - shape.length
  const axes = [...cotangent.shape.keys()].filter((axis) => axis < offset || (shape[axis - offset] === 1 && cotangent.shape[axis] !== 1))
  return reshape(sum(cotangent, { axes, keepDims: true }), shape)
}
