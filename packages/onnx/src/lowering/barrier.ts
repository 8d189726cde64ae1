import { sizeOf } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Emitter, Target } from '../emitter.ts'
import { elementType } from '../schema/types.ts'
import { either } from './either.ts'

// What is smaller is copied, since the view needs two ops more.
const smallestView = 64

/** Whether a barrier hands the memory of its operand on instead of copying it. On a GPU the runtime would wait for the shape. */
export const isBarrierView = ({ shape }: Pick<Tensor, 'shape'>, target: Target): boolean => target === 'cpu' && sizeOf(shape) > smallestView

/** x under a shape that is known late: the same memory, where a choice would be a copy. */
const reshapedLater = (emitter: Emitter, x: string, never: string, node: Tensor): string => {
  const shape = emitter.add('Add', [emitter.int64(node.shape), emitter.add('Cast', [never], { to: elementType.int64 })])
  return emitter.describe(emitter.add('Reshape', [x, shape], { allowzero: 1 }), node)
}

/** Passes x on when another operand is known, by way of a condition that is false for every number: no optimizer sees that. */
export const after = (emitter: Emitter, [x, awaited]: readonly [string, string], node: Tensor): string => {
  const flat = emitter.add('Reshape', [awaited, emitter.int64([-1])])
  const first = emitter.add('Gather', [flat, emitter.scalar(0, 'int32')], { axis: 0 })
  const never = emitter.add('Less', [first, first])
  if (isBarrierView(node, emitter.target)) return reshapedLater(emitter, x, never, node)
  return node.dtype === 'bool' ? either(emitter, x, never) : emitter.add('Where', [never, emitter.scalar(0, node.dtype), x])
}
