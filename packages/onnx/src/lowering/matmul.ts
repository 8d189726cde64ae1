import type { Tensor } from '@grad-ts/tensor'
import type { Emitter } from '../emitter.ts'
import { elementType } from '../schema/types.ts'
import type { Lowerings } from './rule.ts'

/** Swaps the last two axes. */
const transposed = (emitter: Emitter, name: string, { shape }: Tensor): string => {
  const rank = shape.length
  const perm = shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis))
  return emitter.add('Transpose', [name], { perm })
}

const cast = (emitter: Emitter, name: string, dtype: 'float16' | 'float32'): string =>
  emitter.add('Cast', [name], { to: elementType[dtype] })

// A product works through this many rows at a time.
const block = 256

/**
 * Whether it is faster on the CPU to transpose a left matrix than to read it transposed: it is read again for every block of columns,
 * and in a training step it has left the caches by then.
 */
const isLong = ({ target }: Emitter, [a, b]: readonly [Tensor, Tensor]): boolean => {
  const [rows, columns] = a.shape as readonly [number, number]
  return target === 'cpu' && rows >= block && columns <= (b.shape[1] as number)
}

const product = (
  emitter: Emitter,
  [left, right]: readonly [string, string],
  { inputs, attributes, dtype }: Pick<Tensor<'matmul'>, 'inputs' | 'attributes' | 'dtype'>,
): string => {
  const { transposeA, transposeB } = attributes
  const [a, b] = inputs as readonly [Tensor, Tensor]
  if (!transposeA && !transposeB) return emitter.add('MatMul', [left, right])
  const areMatrices = a.shape.length === 2 && b.shape.length === 2
  if (areMatrices && transposeA && !transposeB && isLong(emitter, [a, b]))
    return emitter.add('MatMul', [transposed(emitter, left, a), right])
  if (areMatrices) return emitter.add('Gemm', [left, right], { transA: Number(transposeA), transB: Number(transposeB) })
  if (emitter.target === 'cuda' || (emitter.target === 'cpu' && dtype === 'float32'))
    return emitter.add('com.microsoft:FusedMatMul', [left, right], { transA: Number(transposeA), transB: Number(transposeB) })
  return emitter.add('MatMul', [transposeA ? transposed(emitter, left, a) : left, transposeB ? transposed(emitter, right, b) : right])
}

/** The CPU's own Gemm for float16 is two hundred times slower than this one in float32, whose result is rounded once. */
const roundedProduct = (emitter: Emitter, inputs: readonly string[], node: Tensor<'matmul'>): string => {
  const [left, right] = inputs.map((name) => cast(emitter, name, 'float32')) as [string, string]
  return cast(emitter, product(emitter, [left, right], { ...node, dtype: 'float32' }), 'float16')
}

export const matmulRules: Lowerings<'matmul'> = {
  // Gemm reads transposed matrices in place on every provider; FusedMatMul does the same for batches, but not on WebGPU, and on the
  // CPU in float32 only.
  matmul: (emitter, inputs, node) => {
    if (node.dtype === 'float16' && emitter.target === 'cpu') return roundedProduct(emitter, inputs, node)
    return product(emitter, inputs as readonly [string, string], node)
  },
}
