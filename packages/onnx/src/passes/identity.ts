import { sameShape } from '@grad-ts/tensor'
import type { OpName, Tensor } from '@grad-ts/tensor'
import type { Rewrite } from './rule.ts'

const counting = (values: readonly number[]): boolean => values.every((value, i) => value === i)

const everything = ({ starts, sizes, steps }: Tensor<'slice'>['attributes'], { shape }: Tensor): boolean =>
  sameShape(sizes, shape) && starts.every((start) => start === 0) && steps.every((step, axis) => step === 1 || (shape[axis] as number) <= 1)

/** Ops that change nothing under these conditions. */
const changesNothing: { readonly [Op in OpName]?: (node: Tensor<Op>, x: Tensor) => boolean } = {
  identity: () => true,
  stopGradient: () => true,
  checkpoint: () => true,
  cast: (node, x) => node.dtype === x.dtype,
  reshape: (node, x) => sameShape(node.shape, x.shape),
  broadcastTo: (node, x) => sameShape(node.shape, x.shape),
  transpose: ({ attributes }) => counting(attributes.permutation),
  concat: ({ inputs }) => inputs.length === 1,
  slice: ({ attributes }, x) => everything(attributes, x),
  pad: ({ attributes }) => [...attributes.before, ...attributes.after].every((width) => width === 0),
  sum: ({ attributes }) => attributes.axes.length === 0,
  max: ({ attributes }) => attributes.axes.length === 0,
  min: ({ attributes }) => attributes.axes.length === 0,
  prod: ({ attributes }) => attributes.axes.length === 0,
}

/** Leaves out what passes its operand on. */
export const withoutIdentities: Rewrite = (node) => {
  const [x] = node.inputs
  const test = changesNothing[node.op] as ((node: Tensor, x: Tensor) => boolean) | undefined
  return x !== undefined && test?.(node, x) === true ? x : undefined
}
