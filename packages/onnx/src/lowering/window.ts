import { node as makeNode, sizeOf } from '@grad-ts/tensor'
import type { OpAttributes, Tensor } from '@grad-ts/tensor'
import type { Attributes, Emitter } from '../emitter.ts'
import { elementType } from '../schema/types.ts'
import { asConvolution, convolution, kernelGradient, largestPlaces } from './columns.ts'
import { decompose } from './decompose.ts'
import type { Lowerings } from './rule.ts'

type PoolAttributes = OpAttributes['maxPool']

const windowAttributes = (
  { strides, dilations, before, after }: Omit<PoolAttributes, 'kernel'>,
  kernel: readonly number[],
): Attributes => ({
  kernel_shape: kernel,
  strides,
  dilations,
  pads: [...before, ...after],
})

const hasKernel = ({ dtype, shape }: Tensor): boolean => dtype !== 'float64' && shape.length <= 5

const conv = (emitter: Emitter, inputs: readonly string[], node: Tensor, attributes: OpAttributes['conv']): string => {
  const kernel = (node.inputs[1] as Tensor).shape.slice(2)
  if (hasKernel(node)) return emitter.add('Conv', inputs, { ...windowAttributes(attributes, kernel), group: attributes.groups })
  return decompose(emitter, inputs, node, (x, filters) => convolution(x as Tensor, filters as Tensor, node.shape.slice(2), attributes))
}

/**
 * Whether ConvTranspose beats a plain convolution of the padded cotangent: with strides, where that one mostly reads zeros, and on the
 * CPU where there are far fewer windows to add up in the result than to lay out in the cotangent.
 */
const isTransposedFaster = ({ inputs, shape, attributes }: Tensor<'convInputGradient'>, { target }: Emitter): boolean => {
  const [cotangent] = inputs as readonly [Tensor]
  const laidOut = (cotangent.shape[1] as number) * sizeOf(shape.slice(2))
  const addedUp = (shape[1] as number) * sizeOf(cotangent.shape.slice(2))
  return attributes.strides.some((stride) => stride > 1) || (target === 'cpu' && laidOut >= 2 * addedUp)
}

const transposedConv = (
  emitter: Emitter,
  inputs: readonly string[],
  { inputs: operands, attributes }: Tensor<'convInputGradient'>,
): string => {
  const [cotangent, kernel] = operands as [Tensor, Tensor]
  const { strides, dilations, before, after, spatial, groups } = attributes
  const reached = spatial.map((_, i) => {
    const span = ((kernel.shape[i + 2] as number) - 1) * (dilations[i] as number) + 1
    return ((cotangent.shape[i + 2] as number) - 1) * (strides[i] as number) + span - (before[i] as number) - (after[i] as number)
  })
  const missing = spatial.map((length, i) => length - (reached[i] as number))
  return emitter.add('ConvTranspose', inputs, {
    ...windowAttributes(attributes, kernel.shape.slice(2)),
    group: groups,
    output_padding: missing,
  })
}

const pool = (emitter: Emitter, inputs: readonly string[], attributes: PoolAttributes): readonly [string, string] => {
  const outputs = [emitter.name('MaxPool'), emitter.name('MaxPoolIndices')] as const
  emitter.addNamed('MaxPool', inputs, outputs, windowAttributes(attributes, attributes.kernel))
  return outputs
}

export const windows: Lowerings<'conv' | 'convInputGradient' | 'convKernelGradient' | 'maxPool' | 'maxPoolIndices'> = {
  conv: (emitter, inputs, node) => conv(emitter, inputs, node, node.attributes),
  convInputGradient: (emitter, inputs, node) => {
    if (hasKernel(node) && isTransposedFaster(node, emitter)) return transposedConv(emitter, inputs, node)
    return decompose(emitter, inputs, node, (cotangent, kernel) => {
      const plain = asConvolution(cotangent as Tensor, kernel as Tensor, node.attributes.spatial, node.attributes)
      return makeNode('conv', [plain.source, plain.kernel], plain.window)
    })
  },
  // As a convolution with swapped operands this is several times slower than columns and one product.
  convKernelGradient: (emitter, inputs, node) =>
    decompose(emitter, inputs, node, (x, cotangent) =>
      kernelGradient(x as Tensor, cotangent as Tensor, node.attributes.spatial, node.attributes),
    ),
  maxPool: (emitter, inputs, { attributes }) => emitter.add('MaxPool', inputs, windowAttributes(attributes, attributes.kernel)),
  // The runtime counts over the whole tensor; what lies in front of an element's own axes is a multiple of their size.
  maxPoolIndices: (emitter, inputs, node) => {
    const [x] = node.inputs as readonly [Tensor]
    if (emitter.target === 'webgpu')
      return decompose(emitter, inputs, node, (value) => largestPlaces(value as Tensor, node.attributes, node.shape.slice(2)))
    const spatial = emitter.int64(sizeOf(x.shape.slice(2)))
    return emitter.add('Cast', [emitter.add('Mod', [pool(emitter, inputs, node.attributes)[1], spatial])], { to: elementType.int32 })
  },
}
