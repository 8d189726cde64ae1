import type { Tensor } from '@grad-ts/tensor'
import type { Lowerings } from './rule.ts'

type SliceNode = Tensor<'slice'>

/** Where a slice ends; before the first element ends below any axis, because −1 means the last one. */
const endsOf = (node: Tensor): number[] => {
  const { starts, sizes, steps } = (node as SliceNode).attributes
  return starts.map((start, axis) => {
    const end = start + (sizes[axis] as number) * (steps[axis] as number)
    return end < 0 ? -(2 ** 31) : end
  })
}

export const layout: Lowerings<'reshape' | 'broadcastTo' | 'transpose' | 'concat' | 'slice' | 'pad'> = {
  reshape: (emitter, inputs, node) =>
    emitter.add(
      'Reshape',
      [inputs[0] as string, emitter.extents(node, ({ shape }) => shape)],
      node.shape.includes(0) ? { allowzero: 1 } : {},
    ),
  broadcastTo: (emitter, inputs, node) => emitter.add('Expand', [inputs[0] as string, emitter.extents(node, ({ shape }) => shape)]),
  transpose: (emitter, inputs, { attributes: { permutation } }) => emitter.add('Transpose', inputs, { perm: permutation }),
  concat: (emitter, inputs, { attributes: { axis } }) =>
    inputs.length === 1 ? (inputs[0] as string) : emitter.add('Concat', inputs, { axis }),
  slice: (emitter, inputs, node) =>
    emitter.add('Slice', [
      inputs[0] as string,
      emitter.extents(node, (slice) => (slice as SliceNode).attributes.starts),
      emitter.extents(node, endsOf),
      emitter.int64([...node.shape.keys()]),
      emitter.int64(node.attributes.steps),
    ]),
  pad: (emitter, inputs, node) =>
    emitter.add('Pad', [
      inputs[0] as string,
      emitter.extents(node, (pad) => [...(pad as Tensor<'pad'>).attributes.before, ...(pad as Tensor<'pad'>).attributes.after]),
      emitter.scalar(node.attributes.value, node.dtype),
    ]),
}
