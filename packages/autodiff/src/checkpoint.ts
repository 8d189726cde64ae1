import { leaves, unflatten } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { closeOver, concat, inline, input, isFloat, node, reshape, sizeOf, slice } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'

const packed = (parts: readonly Tensor[]): Tensor => concat(parts.map((part) => reshape(part, [-1])))

const unpacked = (vector: Tensor, like: readonly Tensor[]): Tensor[] => {
  let start = 0
  return like.map(({ shape }) => reshape(slice(vector, [{ start, end: (start += sizeOf(shape)) }]), shape))
}

/** Ties outputs of one dtype to the operands from which they can be computed again. */
const tied = (placeholders: readonly Tensor[], outputs: readonly Tensor[], operands: readonly Tensor[]): Tensor[] => {
  const { body, captured } = closeOver(placeholders, [packed(outputs)])
  const given = [...operands, ...captured]
  return unpacked(node('checkpoint', [inline(body, given)[0] as Tensor, ...given], { body }), outputs)
}

/**
 * Makes the backward pass compute what is inside a function again, instead of keeping it in memory from the forward pass.
 *
 * Values and gradients stay the same. Wrap the blocks of a deep model: memory falls to the blocks' inputs and one block's inside,
 * for about one more forward pass. A barrier keeps the second computation behind the cotangents, so that nothing merges it with the first.
 *
 * @param fn a function of tensor trees, without effects
 * @example
 * import { checkpoint, grad } from '@grad-ts/autodiff'
 * import { exp, sin, sum, tensor, toArray } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const block = checkpoint((x: Tensor) => exp(sin(x)))
 * toArray(grad((x: Tensor) => sum(block(x)))(tensor([0]))) // => [1]
 * @see Chen et al., Training deep nets with sublinear memory cost, 2016, arXiv:1604.06174
 */
export const checkpoint =
  <Args extends readonly Tree<Tensor>[], Outputs extends Tree<Tensor>>(fn: (...args: Args) => Outputs): ((...args: Args) => Outputs) =>
  (...args) => {
    const operands = leaves<Tensor>(args as Tree<Tensor>)
    const placeholders = operands.map(({ shape, dtype }, i) => input(`checkpoint.${i}`, shape, dtype))
    const outputs = fn(...(unflatten(args as Tree<Tensor>, placeholders) as unknown as Args))
    const flat = leaves<Tensor>(outputs)
    const results = new Map<Tensor, Tensor>()
    for (const dtype of new Set(flat.map((output) => output.dtype))) {
      const group = flat.filter((output) => output.dtype === dtype)
      const values = isFloat(dtype) ? tied(placeholders, group, operands) : plain(placeholders, group, operands)
      group.forEach((output, i) => results.set(output, values[i] as Tensor))
    }
    return unflatten(
      outputs,
      flat.map((output) => results.get(output) as Tensor),
    ) as Outputs
  }

const plain = (placeholders: readonly Tensor[], outputs: readonly Tensor[], operands: readonly Tensor[]): readonly Tensor[] => {
  const { body, captured } = closeOver(placeholders, outputs)
  return inline(body, [...operands, ...captured])
}
