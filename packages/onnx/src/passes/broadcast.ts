import { broadcastShapes, sameShape } from '@grad-ts/tensor'
import type { OpName, Tensor } from '@grad-ts/tensor'
import type { Rewrite } from './rule.ts'

const stretches: ReadonlySet<OpName> = new Set([
  'add',
  'sub',
  'mul',
  'div',
  'pow',
  'maximum',
  'minimum',
  'mod',
  'equal',
  'less',
  'lessEqual',
  'and',
  'or',
  'where',
])

/** Ops that repeat their operands by themselves need none that was repeated before. */
export const withoutBroadcasts: Rewrite = (node, make) => {
  if (!stretches.has(node.op)) return undefined
  const inputs = [...node.inputs]
  inputs.forEach((operand, i) => {
    if (operand.op !== 'broadcastTo') return
    const smaller = inputs.map((other, at) => (at === i ? (operand.inputs[0] as Tensor) : other))
    const shape = smaller.reduce<readonly number[] | undefined>((known, { shape: next }) => known && broadcastShapes(known, next), [])
    if (shape !== undefined && sameShape(shape, node.shape)) inputs[i] = operand.inputs[0] as Tensor
  })
  return inputs.every((operand, i) => operand === node.inputs[i]) ? undefined : make(node.op, inputs, node.attributes)
}
