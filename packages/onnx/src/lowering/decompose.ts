import { input } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Emitter } from '../emitter.ts'

/** Writes an op by way of other ops of the table: `fn` gets placeholders for the operands. */
export const decompose = (emitter: Emitter, names: readonly string[], node: Tensor, fn: (...operands: Tensor[]) => Tensor): string => {
  const operands = node.inputs.map(({ shape, dtype }, i) => input(names[i] as string, shape, dtype) as Tensor)
  const known = new Map(operands.map((operand, i) => [operand, names[i] as string]))
  return emitter.lower([fn(...operands)], known)[0] as string
}
