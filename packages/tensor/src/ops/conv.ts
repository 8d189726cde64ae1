import { allocate, settle } from '../dtype.ts'
import { ShapeError } from '../errors.ts'
import { sizeOf } from '../shape.ts'
import type { Shape } from '../shape.ts'
import type { ConvolutionAttributes } from './attributes.ts'
import { floating, sameDType } from './check.ts'
import type { OperandType, OpRules, Value } from './rule.ts'
import { windowPlaces, windowSources } from './window.ts'

interface Convolution {
  readonly x: Shape
  readonly kernel: Shape
  readonly y: Shape
}

/** Walks all pairs of channels and kernel elements: where x, kernel and y start, and which element of x lies under each of y. */
const walk = (
  { x, kernel, y }: Convolution,
  attributes: ConvolutionAttributes,
  visit: (xStart: number, kernelAt: number, yStart: number, sources: Int32Array) => void,
): void => {
  const [batch, inChannels] = x as [number, number]
  const [outChannels, groupIn] = kernel as [number, number]
  const [xSize, ySize, kernelSize] = [x, y, kernel].map((shape) => sizeOf(shape.slice(2))) as [number, number, number]
  const sources = windowSources(x.slice(2), kernel.slice(2), y.slice(2), attributes)
  const groupOut = outChannels / attributes.groups
  for (let n = 0; n < batch; n++)
    for (let out = 0; out < outChannels; out++)
      for (let channel = 0; channel < groupIn; channel++) {
        const input = Math.floor(out / groupOut) * groupIn + channel
        for (let element = 0; element < kernelSize; element++)
          visit(
            (n * inChannels + input) * xSize,
            (out * groupIn + channel) * kernelSize + element,
            (n * outChannels + out) * ySize,
            sources[element] as Int32Array,
          )
      }
}

const rounded = (dtype: OperandType['dtype'], sums: Float64Array): ReturnType<typeof allocate> => {
  const result = allocate(dtype, sums.length)
  result.set(sums)
  return settle(dtype, result)
}

const checkOperands = (op: string, inputs: readonly OperandType[]): void => {
  floating(op, inputs)
  sameDType(op, inputs)
  const [a, b] = inputs as [OperandType, OperandType]
  if (a.shape.length < 3 || a.shape.length !== b.shape.length)
    throw new ShapeError(
      op,
      inputs,
      'expected x [batch, in, …] and kernel [out, in / groups, …] with the same number of spatial axes, at least one',
    )
}

/** The shape of y, after a check that x and the kernel fit. */
const outputShape = (op: string, inputs: readonly OperandType[], x: Shape, kernel: Shape, attributes: ConvolutionAttributes): number[] => {
  const [batch, channels] = x as [number, number]
  const [out, groupIn] = kernel as [number, number]
  const { groups } = attributes
  const last = x.at(-1) === groupIn * groups ? '; are the channels of x last?' : ''
  if (channels !== groupIn * groups || out % groups !== 0)
    throw new ShapeError(
      op,
      inputs,
      `x has ${channels} channels and the kernel ${groupIn} for each of ${groups} groups and ${out} outputs; expected x [batch, in, …], kernel [out, in / groups, …]${last}`,
    )
  return [batch, out, ...windowPlaces(op, inputs, x.slice(2), kernel.slice(2), attributes)]
}

const mustMatch = (op: string, inputs: readonly OperandType[], expected: Shape, actual: Shape): void => {
  if (expected.some((length, axis) => length !== actual[axis]))
    throw new ShapeError(op, inputs, `expected a cotangent of shape [${expected.join(', ')}]`)
}

export const convRules: OpRules<'conv' | 'convInputGradient' | 'convKernelGradient'> = {
  conv: {
    infer: (inputs, attributes) => {
      checkOperands('conv', inputs)
      const [x, kernel] = inputs as [OperandType, OperandType]
      return { shape: outputShape('conv', inputs, x.shape, kernel.shape, attributes), dtype: x.dtype }
    },
    evaluate: (inputs, attributes, { shape, dtype }) => {
      const [x, kernel] = inputs as [Value, Value]
      const sums = new Float64Array(sizeOf(shape))
      walk({ x: x.shape, kernel: kernel.shape, y: shape }, attributes, (xStart, kernelAt, yStart, sources) => {
        const weight = kernel.data[kernelAt] as number
        for (let i = 0; i < sources.length; i++)
          if (sources[i]! >= 0) sums[yStart + i]! += weight * (x.data[xStart + sources[i]!] as number)
      })
      return rounded(dtype, sums)
    },
  },
  convInputGradient: {
    infer: (inputs, attributes) => {
      checkOperands('convInputGradient', inputs)
      const [y, kernel] = inputs as [OperandType, OperandType]
      const shape = [y.shape[0] as number, (kernel.shape[1] as number) * attributes.groups, ...attributes.spatial]
      mustMatch('convInputGradient', inputs, outputShape('convInputGradient', inputs, shape, kernel.shape, attributes), y.shape)
      return { shape, dtype: y.dtype }
    },
    evaluate: (inputs, attributes, { shape, dtype }) => {
      const [y, kernel] = inputs as [Value, Value]
      const sums = new Float64Array(sizeOf(shape))
      walk({ x: shape, kernel: kernel.shape, y: y.shape }, attributes, (xStart, kernelAt, yStart, sources) => {
        const weight = kernel.data[kernelAt] as number
        for (let i = 0; i < sources.length; i++)
          if (sources[i]! >= 0) sums[xStart + sources[i]!]! += weight * (y.data[yStart + i] as number)
      })
      return rounded(dtype, sums)
    },
  },
  convKernelGradient: {
    infer: (inputs, attributes) => {
      checkOperands('convKernelGradient', inputs)
      const [x, y] = inputs as [OperandType, OperandType]
      const shape = [y.shape[1] as number, (x.shape[1] as number) / attributes.groups, ...attributes.spatial]
      mustMatch('convKernelGradient', inputs, outputShape('convKernelGradient', inputs, x.shape, shape, attributes), y.shape)
      return { shape, dtype: x.dtype }
    },
    evaluate: (inputs, attributes, { shape, dtype }) => {
      const [x, y] = inputs as [Value, Value]
      const sums = new Float64Array(sizeOf(shape))
      walk({ x: x.shape, kernel: shape, y: y.shape }, attributes, (xStart, kernelAt, yStart, sources) => {
        let sum = 0
        for (let i = 0; i < sources.length; i++)
          if (sources[i]! >= 0) sum += (x.data[xStart + sources[i]!] as number) * (y.data[yStart + i] as number)
        sums[kernelAt]! += sum
      })
      return rounded(dtype, sums)
    },
  },
}
