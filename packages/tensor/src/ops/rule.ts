import type { DType, TypedArray } from '../dtype.ts'
import type { Shape } from '../shape.ts'
import type { Body, OpAttributes, OpName } from './attributes.ts'

/** What a rule may know of an operand while tracing. */
export interface OperandType {
  readonly shape: Shape
  readonly dtype: DType
}

/** An operand with its elements, row-major. */
export interface Value extends OperandType {
  readonly data: TypedArray
}

/** Computes the outputs of a body from values for its placeholders. */
export type RunBody = (body: Body, inputs: readonly Value[]) => readonly Value[]

/** The row of an op in the table: its shape rule and its reference interpreter. */
export interface OpRule<Attributes> {
  /** Gives shape and dtype of the result, or throws a `ShapeError` or `DTypeError`. */
  readonly infer: (inputs: readonly OperandType[], attributes: Attributes) => OperandType
  /** Computes the elements; sums are accumulated in float64 and rounded once to the dtype of the result. */
  readonly evaluate: (inputs: readonly Value[], attributes: Attributes, result: OperandType, run: RunBody) => TypedArray
}

export type OpRules<Op extends OpName> = { readonly [Name in Op]: OpRule<OpAttributes[Name]> }
