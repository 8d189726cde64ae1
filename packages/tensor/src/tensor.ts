import type { DType, TypedArray } from './dtype.ts'
import type { OpAttributes, OpName } from './ops/attributes.ts'
import { table } from './ops/table.ts'
import type { Shape } from './shape.ts'

/**
 * A description of a computation: an operation on other tensors. It holds no buffer and needs no dispose
 * (a `constant` holds its elements as data).
 */
export interface Tensor<Op extends OpName = OpName> {
  readonly op: Op
  readonly inputs: readonly Tensor[]
  readonly attributes: OpAttributes[Op]
  readonly shape: Shape
  readonly dtype: DType
}

/** A tensor whose elements are known: what `evaluate` gives and what plain arrays become. */
export type Constant = Tensor<'constant'>

/** What an operation accepts: a tensor, or a number that takes the dtype of the operand beside it. */
export type Operand = Tensor | number | boolean

// Not a plain record, so that a tensor is a leaf of a tree; it has no methods.
class Node implements Tensor {
  readonly op: OpName
  readonly inputs: readonly Tensor[]
  readonly attributes: OpAttributes[OpName]
  readonly shape: Shape
  readonly dtype: DType

  constructor(op: OpName, inputs: readonly Tensor[], attributes: OpAttributes[OpName], shape: Shape, dtype: DType) {
    this.op = op
    this.inputs = inputs
    this.attributes = attributes
    this.shape = shape
    this.dtype = dtype
  }
}

/** Tells whether a value is a tensor. */
export const isTensor = (value: unknown): value is Tensor => value instanceof Node

/** Tells whether a tensor's elements are known without evaluating anything. */
export const isConstant = (value: Tensor): value is Constant => value.op === 'constant'

/**
 * Makes a node of the graph: checks the operands against the op's rule and derives shape and dtype.
 *
 * @throws {ShapeError} when the shapes do not fit
 * @throws {DTypeError} when the element types do not fit
 */
export const node = <Op extends OpName>(op: Op, inputs: readonly Tensor[], attributes: OpAttributes[Op]): Tensor<Op> => {
  const { shape, dtype } = table[op].infer(inputs, attributes)
  return new Node(op, inputs, attributes, shape, dtype) as Tensor as Tensor<Op>
}

/** Makes a constant over a buffer, without a copy and without checks. */
export const constantOf = (data: TypedArray, shape: Shape, dtype: DType): Constant =>
  new Node('constant', [], { data, shape, dtype }, shape, dtype) as Tensor as Constant
