import { evaluate, key, matmul, normal, tensor } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { dense, sequential, tanh } from '@grad-ts/nn'
import { fromColumns } from '../../src/index.ts'

/** A linear problem with a known answer. */
export const slopes = tensor([[1.5], [-2], [0.5]])

export const linearData = (size: number, seed = 1) => {
  const x = evaluate(normal(key(seed), [size, 3])) as Constant
  return fromColumns({ x, y: evaluate(matmul(x, slopes)) as Constant })
}

export const smallModel = sequential({ hidden: dense({ in: 3, out: 4 }), tanh, out: dense({ in: 4, out: 1 }) })

export const numbersOf = (leaf: Tensor): number[] => [...(leaf as Constant).attributes.data]
