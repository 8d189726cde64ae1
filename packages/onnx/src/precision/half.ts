import { isConstant, roundToFloat16, sizeOf } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { precisionRoles } from './table.ts'

const largest = 65504
// Below it float16 has fewer than eleven digits.
const smallest = 2 ** -14

const isHalf = (value: number): boolean => Object.is(value, roundToFloat16(value))

const everyElement = (x: Tensor<'constant'>, test: (value: number) => boolean): boolean =>
  (x.attributes.data as ArrayLike<number> as readonly number[]).every(test)

/** The largest of a table must keep its digits; the small ones stand beside it. */
const inRange = (x: Tensor<'constant'>): boolean => {
  const magnitude = Array.from(x.attributes.data).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return magnitude <= largest && magnitude >= smallest
}

/** How a float32 value that is not computed in float16 could be had in it: without any loss, without harm, or not. */
export type Fit = 'exact' | 'rounded' | 'none'

const worst = (fits: readonly Fit[]): Fit => {
  if (fits.includes('none')) return 'none'
  return fits.includes('rounded') ? 'rounded' : 'exact'
}

/** Constants, conditions made numbers, and what only moves or picks such values fit as they are. */
export const fitOf = (node: Tensor, operands: readonly Fit[]): Fit => {
  if (isConstant(node)) {
    if (everyElement(node, isHalf)) return 'exact'
    return inRange(node) ? 'rounded' : 'none'
  }
  if (node.op === 'cast') return (node.inputs[0] as Tensor).dtype === 'bool' ? 'exact' : 'none'
  return precisionRoles[node.op] === 'exact' && roundsNothing(node) && operands.length > 0 ? worst(operands) : 'none'
}

/** Tells whether an op that is exact by its role is so with its attributes. */
export const roundsNothing = (node: Tensor): boolean => node.op !== 'pad' || isHalf((node as Tensor<'pad'>).attributes.value)

/** A divisor that is known and not small: a quotient by anything else may leave the range. */
export const isSafeDivision = (node: Tensor): boolean => {
  if (node.op !== 'div') return true
  const [, divisor] = node.inputs as readonly [Tensor, Tensor]
  return isConstant(divisor) && everyElement(divisor, (value) => Math.abs(value) >= smallest && Math.abs(value) <= largest)
}

const views: ReadonlySet<string> = new Set(['reshape', 'broadcastTo', 'transpose', 'slice', 'identity', 'stopGradient', 'barrier'])

/** Tells whether a tensor is an input of the graph, or a part or another shape of one. */
export const isView = (x: Tensor): boolean => x.op === 'input' || (views.has(x.op) && isView(x.inputs[0] as Tensor))

/** A bias or the like: numbers that were given, repeated along what a product gave. They are rounded as its operands are. */
export const isRepeatedWeight = (operand: Tensor, node: Tensor): boolean =>
  isView(operand) && sizeOf(operand.shape) > 1 && sizeOf(operand.shape) < sizeOf(node.shape)
