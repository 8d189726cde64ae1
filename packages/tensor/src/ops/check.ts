import { isFloat } from '../dtype.ts'
import { DTypeError, ShapeError } from '../errors.ts'
import { broadcastShapes } from '../shape.ts'
import type { Shape } from '../shape.ts'
import type { OperandType } from './rule.ts'

export const sameDType = (op: string, inputs: readonly OperandType[]): void => {
  if (inputs.some(({ dtype }) => dtype !== inputs[0]?.dtype))
    throw new DTypeError(op, inputs, 'expected operands of one dtype; convert one of them with cast(x, dtype)')
}

export const numeric = (op: string, inputs: readonly OperandType[]): void => {
  if (inputs.some(({ dtype }) => dtype === 'bool'))
    throw new DTypeError(op, inputs, "expected numbers, got bool; convert with cast(x, 'float32')")
}

export const floating = (op: string, inputs: readonly OperandType[]): void => {
  if (inputs.some(({ dtype }) => !isFloat(dtype)))
    throw new DTypeError(op, inputs, "expected a float dtype; convert with cast(x, 'float32')")
}

export const logical = (op: string, inputs: readonly OperandType[]): void => {
  if (inputs.some(({ dtype }) => dtype !== 'bool'))
    throw new DTypeError(op, inputs, "expected bool operands; make them with a comparison or cast(x, 'bool')")
}

export const indexing = (op: string, inputs: readonly OperandType[], index: OperandType): void => {
  if (index.dtype !== 'int32') throw new DTypeError(op, inputs, "expected int32 indices; convert with cast(x, 'int32')")
}

export const broadcast = (op: string, inputs: readonly OperandType[]): Shape =>
  inputs.reduce<Shape>((shape, input) => {
    const next = broadcastShapes(shape, input.shape)
    if (next === undefined)
      throw new ShapeError(op, inputs, 'the shapes do not broadcast; aligned at the last axis, lengths must be equal or 1')
    return next
  }, [])

export const axisInRange = (op: string, inputs: readonly OperandType[], axis: number, rank: number): void => {
  if (!Number.isInteger(axis) || axis < 0 || axis >= rank) throw new ShapeError(op, inputs, `axis ${axis} is out of range for rank ${rank}`)
}
