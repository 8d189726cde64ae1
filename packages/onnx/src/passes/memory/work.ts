import { sizeOf } from '@grad-ts/tensor'
import type { OpName, Tensor } from '@grad-ts/tensor'

// One multiplication or addition of a matrix product is the unit: a core does some ninety of them in a nanosecond. An element that is
// read, changed and written takes half a nanosecond, one of a transcendental function more than one.
const moved = 40
const computed = 100

const free: ReadonlySet<OpName> = new Set(['input', 'constant', 'identity', 'stopGradient', 'checkpoint', 'barrier', 'reshape'])

const transcendental: ReadonlySet<OpName> = new Set([
  'exp',
  'expm1',
  'log',
  'log1p',
  'sin',
  'cos',
  'tanh',
  'erf',
  'erfInv',
  'atan',
  'sigmoid',
  'softplus',
  'pow',
  'softmax',
  'logSoftmax',
  'transpose',
])

const lastOf = ({ shape }: Tensor, fromEnd: number): number => shape.at(-fromEnd) ?? 1

const productWork = (node: Tensor<'matmul'>): number => {
  const [a] = node.inputs as readonly [Tensor]
  return 2 * sizeOf(node.shape) * lastOf(a, node.attributes.transposeA ? 2 : 1)
}

/** A convolution and its two gradients multiply the same pairs: an element of the kernel for each position and filter. */
const convolutionWork = (positions: Tensor, kernel: Tensor): number => 2 * sizeOf(positions.shape) * sizeOf(kernel.shape.slice(1))

const largest = (node: Tensor): number => Math.max(sizeOf(node.shape), ...node.inputs.map(({ shape }) => sizeOf(shape)))

const scanWork = ({ attributes: { body, length } }: Tensor<'scan'>): number => {
  const seen = new Set<Tensor>()
  const visit = (node: Tensor): number => {
    if (seen.has(node)) return 0
    seen.add(node)
    return node.inputs.reduce((total, operand) => total + visit(operand), workOf(node))
  }
  return length * body.outputs.reduce((total, output) => total + visit(output), 0)
}

/** Estimates how long a node takes, counted in operations of a matrix product that take as long. */
export const workOf = (node: Tensor): number => {
  if (free.has(node.op)) return 0
  const [first, second] = node.inputs as readonly [Tensor, Tensor]
  switch (node.op) {
    case 'matmul':
      return productWork(node as Tensor<'matmul'>)
    case 'conv':
      return convolutionWork(node, second)
    case 'convInputGradient':
      return convolutionWork(first, second)
    case 'convKernelGradient':
      return convolutionWork(second, node)
    case 'scan':
      return scanWork(node as Tensor<'scan'>)
    case 'randomBits':
      return 10 * moved * sizeOf(node.shape)
    default:
      return largest(node) * (transcendental.has(node.op) ? computed : moved)
  }
}
