import type { Tensor } from '@grad-ts/tensor'
import type { Emitter } from '../emitter.ts'
import type { Lowerings } from './rule.ts'

/** Swaps the last two axes. */
const transposed = (emitter: Emitter, name: string, { shape }: Tensor): string => {
  const rank = shape.length
  const perm = shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis))
  return emitter.add('Transpose', [name], { perm })
}

export const matmulRules: Lowerings<'matmul'> = {
  // Gemm reads transposed matrices in place on every provider; FusedMatMul does the same for batches, but not on WebGPU, and on the
  // CPU in float32 only.
  matmul: (emitter, inputs, node) => {
    const { transposeA, transposeB } = node.attributes
    const [a, b] = node.inputs as [Tensor, Tensor]
    const [left, right] = inputs as [string, string]
    if (!transposeA && !transposeB) return emitter.add('MatMul', [left, right])
    if (a.shape.length === 2 && b.shape.length === 2)
      return emitter.add('Gemm', [left, right], { transA: Number(transposeA), transB: Number(transposeB) })
    if (emitter.target === 'cuda' || (emitter.target === 'cpu' && node.dtype === 'float32'))
      return emitter.add('com.microsoft:FusedMatMul', [left, right], { transA: Number(transposeA), transB: Number(transposeB) })
    return emitter.add('MatMul', [transposeA ? transposed(emitter, left, a) : left, transposeB ? transposed(emitter, right, b) : right])
  },
}
