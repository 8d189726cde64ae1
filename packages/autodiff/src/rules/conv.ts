import { node as makeNode, reshape, scatterAddAlong, sizeOf } from '@grad-ts/tensor'
import type { OpAttributes, Tensor } from '@grad-ts/tensor'
import type { GradientRules } from './rule.ts'

type Pair = readonly [Tensor, Tensor]

const window = ({ strides, dilations, before, after, groups }: OpAttributes['conv']): OpAttributes['conv'] => ({
  strides,
  dilations,
  before,
  after,
  groups,
})

const spatialOf = ({ shape }: Tensor): readonly number[] => shape.slice(2)

// With y = conv(x, kernel), all three ops are linear in each operand, and each one's transposes are the other two.
export const convRules: GradientRules<'conv' | 'convInputGradient' | 'convKernelGradient'> = {
  conv: (cotangent, { inputs, attributes }) => {
    const [x, kernel] = inputs as Pair
    return [
      makeNode('convInputGradient', [cotangent, kernel], { ...window(attributes), spatial: spatialOf(x) }),
      makeNode('convKernelGradient', [x, cotangent], { ...window(attributes), spatial: spatialOf(kernel) }),
    ]
  },
  convInputGradient: (cotangent, { inputs, attributes }) => {
    const [y, kernel] = inputs as Pair
    return [
      makeNode('conv', [cotangent, kernel], window(attributes)),
      makeNode('convKernelGradient', [cotangent, y], { ...window(attributes), spatial: spatialOf(kernel) }),
    ]
  },
  convKernelGradient: (cotangent, { inputs, attributes }) => {
    const [x, y] = inputs as Pair
    return [
      makeNode('convInputGradient', [y, cotangent], { ...window(attributes), spatial: spatialOf(x) }),
      makeNode('conv', [x, cotangent], window(attributes)),
    ]
  },
}

/** The cotangent of a window goes to the element that won it. */
export const poolRules: GradientRules<'maxPool' | 'maxPoolIndices'> = {
  maxPool: (cotangent, { inputs, attributes }) => {
    const [x] = inputs as readonly [Tensor]
    const flat = [...cotangent.shape.slice(0, 2), -1]
    const winners = reshape(makeNode('maxPoolIndices', [x], attributes), flat)
    return [reshape(scatterAddAlong(reshape(cotangent, flat), winners, { length: sizeOf(spatialOf(x)) }), x.shape)]
  },
  maxPoolIndices: () => [null],
}
