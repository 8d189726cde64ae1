import { sizeOf } from '@grad-ts/tensor'
import type { DType, OpName, Tensor } from '@grad-ts/tensor'
import type { Target } from '../../emitter.ts'
import { isBarrierView } from '../../lowering/barrier.ts'
import { kernelGradient } from '../../lowering/columns.ts'

const elementBytes: Readonly<Record<DType, number>> = { float32: 4, float64: 8, float16: 2, int32: 4, bool: 1 }

/** Bytes of a tensor on a device. */
export const bytesOf = ({ shape, dtype }: Pick<Tensor, 'shape' | 'dtype'>): number => sizeOf(shape) * elementBytes[dtype]

const views: ReadonlySet<OpName> = new Set(['reshape', 'identity', 'stopGradient', 'checkpoint'])

/** Whether a node's result is its first operand's memory. */
export const isView = (node: Tensor, target: Target): boolean =>
  views.has(node.op) || (node.op === 'barrier' && isBarrierView(node, target))

const inPlace: ReadonlySet<OpName> = new Set([
  'neg',
  'abs',
  'floor',
  'ceil',
  'exp',
  'log',
  'sqrt',
  'reciprocal',
  'tanh',
  'erf',
  'sigmoid',
  'relu',
  'add',
  'sub',
  'mul',
  'div',
])

/** Whether a node may write its result over an operand of the same size that nothing needs any more. */
export const isInPlace = ({ op }: Tensor): boolean => inPlace.has(op)

/** Results of the same size that are alive while an op runs which is written as several. */
const temporaries: { readonly [Op in OpName]?: number } = {
  expm1: 3,
  log1p: 4,
  erfInv: 4,
  atan: 2,
  sign: 2,
  isNaN: 1,
  maxPoolIndices: 4,
  scatterAddAlong: 1,
}

/** The windows of a convolution as a matrix, in pieces and joined. */
const columnBytes = (node: Tensor<'convKernelGradient'>): number => {
  const [x, cotangent] = node.inputs as readonly [Tensor, Tensor]
  const product = kernelGradient(x, cotangent, node.attributes.spatial, node.attributes)
  const widest = largestOperand(product)
  return 2 * widest + bytesOf(cotangent)
}

const largestOperand = (root: Tensor): number => {
  const matrices = root.op === 'matmul' ? root.inputs.map(bytesOf) : root.inputs.map(largestOperand)
  return Math.max(0, ...matrices)
}

/** Bytes that a node needs while it runs, besides its operands and its result. */
export const workspaceOf = (node: Tensor): number =>
  node.op === 'convKernelGradient' ? columnBytes(node as Tensor<'convKernelGradient'>) : (temporaries[node.op] ?? 0) * bytesOf(node)
