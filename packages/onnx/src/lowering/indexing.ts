import { sameShape, sizeOf } from '@grad-ts/tensor'
import type { DType, Tensor } from '@grad-ts/tensor'
import type { Emitter } from '../emitter.ts'
import { elementType } from '../schema/types.ts'
import type { Lowerings } from './rule.ts'

/** Sums of float16 are made in float32: the kernel on the CPU takes no less, and the sums are rounded once. */
const widened = (dtype: DType): DType => (dtype === 'float16' ? 'float32' : dtype)

const zerosLike = (emitter: Emitter, node: Tensor, read: (node: Tensor) => readonly number[]): string =>
  emitter.add('Expand', [emitter.scalar(0, widened(node.dtype)), emitter.extents(node, read)])

/** Adds updates at places along an axis of zeros. */
const scatter = (emitter: Emitter, [into, places, updates]: readonly [string, string, string], dtype: DType, axis: number): string => {
  const wide = dtype === 'float16' ? emitter.add('Cast', [updates], { to: elementType.float32 }) : updates
  const sums = emitter.add('ScatterElements', [into, places, wide], { axis, reduction: 'add' })
  return dtype === 'float16' ? emitter.add('Cast', [sums], { to: elementType.float16 }) : sums
}

/** The updates of a scatterAdd as `[outer, count, inner]`: `count` rows that are added to `length` places. */
const folded = (node: Tensor): readonly [number, number, number] => {
  const { axis } = (node as Tensor<'scatterAdd'>).attributes
  const [updates, index] = node.inputs as [Tensor, Tensor]
  return [sizeOf(updates.shape.slice(0, axis)), sizeOf(index.shape), sizeOf(updates.shape.slice(axis + index.shape.length))]
}

/** Adds rows at their places. The kernel runs over the updates in turn, so that equal indices add up in a fixed order. */
const scatterRows = (emitter: Emitter, [updates, index]: readonly [string, string], node: Tensor<'scatterAdd'>): string => {
  const rows = emitter.add('Reshape', [updates, emitter.extents(node, folded)], { allowzero: 1 })
  const column = emitter.add('Reshape', [index, emitter.extents(node, (n) => [1, folded(n)[1], 1])], { allowzero: 1 })
  const places = emitter.add('Expand', [column, emitter.extents(node, folded)])
  const into = zerosLike(emitter, node, (n) => [folded(n)[0], (n as Tensor<'scatterAdd'>).attributes.length, folded(n)[2]])
  const sums = scatter(emitter, [into, places, rows], node.dtype, 1)
  return emitter.add('Reshape', [sums, emitter.extents(node, ({ shape }) => shape)], { allowzero: 1 })
}

/** The updates that have an index: the kernel wants both of one shape. */
const aligned = (emitter: Emitter, updates: string, node: Tensor, shape: (node: Tensor) => readonly number[]): string => {
  if (sameShape((node.inputs[0] as Tensor).shape, shape(node))) return updates
  return emitter.add('Slice', [updates, emitter.int64(shape(node).map(() => 0)), emitter.extents(node, shape)])
}

export const indexing: Lowerings<'gather' | 'scatterAdd' | 'gatherAlong' | 'scatterAddAlong'> = {
  gather: (emitter, inputs, { attributes: { axis } }) => emitter.add('Gather', inputs, { axis }),
  scatterAdd: (emitter, inputs, node) => scatterRows(emitter, inputs as readonly [string, string], node),
  gatherAlong: (emitter, inputs, { attributes: { axis } }) => emitter.add('GatherElements', inputs, { axis }),
  scatterAddAlong: (emitter, [updates, index], node) => {
    const indexShape = (n: Tensor): readonly number[] => (n.inputs[1] as Tensor).shape
    const into = zerosLike(emitter, node, ({ shape }) => shape)
    const used = aligned(emitter, updates as string, node, indexShape)
    return scatter(emitter, [into, index as string, used], node.dtype, node.attributes.axis)
  },
}
