import { node as makeNode, pad, reshape, sizeOf, slice, split, transpose } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { unbroadcast } from './rule.ts'
import type { GradientRules } from './rule.ts'

const operand = (node: Tensor): Tensor => node.inputs[0] as Tensor

/** Spreads a cotangent out along an axis with zeros between: the transpose of a cut with steps. */
const dilate = (x: Tensor, axis: number, step: number): Tensor => {
  const length = x.shape[axis] as number
  if (step === 1 || length === 0) return x
  const apart = reshape(x, [...x.shape.slice(0, axis), length, 1, ...x.shape.slice(axis + 1)])
  const padded = pad(
    apart,
    apart.shape.map((_, i) => [0, i === axis + 1 ? step - 1 : 0] as const),
  )
  const joined = reshape(padded, [...x.shape.slice(0, axis), length * step, ...x.shape.slice(axis + 1)])
  return slice(
    joined,
    joined.shape.map((_, i) => (i === axis ? { end: (length - 1) * step + 1 } : null)),
  )
}

export const layout: GradientRules<'reshape' | 'broadcastTo' | 'transpose' | 'concat' | 'slice' | 'pad'> = {
  reshape: (cotangent, node) => [reshape(cotangent, operand(node).shape)],
  broadcastTo: (cotangent, node) => [unbroadcast(cotangent, operand(node).shape)],
  transpose: (cotangent, { attributes: { permutation } }) => [
    transpose(
      cotangent,
      permutation.map((_, axis) => permutation.indexOf(axis)),
    ),
  ],
  concat: (cotangent, { inputs, attributes: { axis } }) =>
    split(
      cotangent,
      inputs.map(({ shape }) => shape[axis] as number),
      axis,
    ),
  slice: (cotangent, node) => {
    const { starts, sizes, steps } = node.attributes
    const { shape } = operand(node)
    if (sizeOf(sizes) === 0) return [null]
    const forward = slice(
      cotangent,
      steps.map((step) => (step < 0 ? { step: -1 } : null)),
    )
    const spread = steps.reduce((x, step, axis) => dilate(x, axis, Math.abs(step)), forward)
    const before = starts.map((start, axis) =>
      (steps[axis] as number) < 0 ? start + ((sizes[axis] as number) - 1) * (steps[axis] as number) : start,
    )
    return [
      pad(
        spread,
        shape.map((length, axis) => [before[axis] as number, length - (before[axis] as number) - (spread.shape[axis] as number)] as const),
      ),
    ]
  },
  pad: (cotangent, node) => {
    const { shape } = operand(node)
    return [makeNode('slice', [cotangent], { starts: node.attributes.before, sizes: shape, steps: shape.map(() => 1) })]
  },
}
