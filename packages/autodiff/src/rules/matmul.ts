import { matmul } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { unbroadcast } from './rule.ts'
import type { GradientRules } from './rule.ts'

export const matmulRules: GradientRules<'matmul'> = {
  // With A' and B' the operands as read, dA' = dC·B'ᵀ and dB' = A'ᵀ·dC; a transposed operand takes the transposed product.
  matmul: (cotangent, node) => {
    const [a, b] = node.inputs as [Tensor, Tensor]
    const { transposeA, transposeB, ...rest } = node.attributes
    const left = transposeA
      ? matmul(b, cotangent, { ...rest, transposeA: transposeB, transposeB: true })
      : matmul(cotangent, b, { ...rest, transposeB: !transposeB })
    const right = transposeB
      ? matmul(cotangent, a, { ...rest, transposeA: true, transposeB: transposeA })
      : matmul(a, cotangent, { ...rest, transposeA: !transposeA })
    return [unbroadcast(left, a.shape), unbroadcast(right, b.shape)]
  },
}
