import * as T from '@grad-ts/tensor'
import type { ConvOptions, FloatDType, Tensor } from '@grad-ts/tensor'
import { example, floats, values } from './example.ts'
import type { OpExample, OpExamples } from './example.ts'

const cases: Readonly<
  Record<string, { readonly x: readonly number[]; readonly kernel: readonly number[]; readonly options?: ConvOptions }>
> = {
  plain: { x: [2, 3, 6, 5], kernel: [4, 3, 3, 2] },
  'same padding': { x: [1, 2, 5, 5], kernel: [3, 2, 3, 3], options: { padding: 'same' } },
  strided: { x: [2, 2, 7, 6], kernel: [3, 2, 3, 3], options: { stride: 2, padding: 'same' } },
  'strides that leave a rest': { x: [1, 1, 8, 8], kernel: [2, 1, 3, 3], options: { stride: 3 } },
  dilated: { x: [1, 2, 7, 7], kernel: [2, 2, 2, 3], options: { dilation: 2 } },
  grouped: { x: [2, 4, 5, 5], kernel: [6, 2, 3, 3], options: { groups: 2, padding: 'same' } },
  depthwise: { x: [2, 3, 6, 6], kernel: [3, 1, 3, 3], options: { groups: 3, stride: 2 } },
  'one axis': { x: [2, 3, 8], kernel: [4, 3, 3], options: { padding: 'same' } },
  // Fewer channels in than out, and more channels out than positions.
  widening: { x: [2, 2, 3, 3], kernel: [6, 2, 2, 2] },
  'three axes': { x: [1, 2, 4, 4, 4], kernel: [2, 2, 2, 2, 2] },
}

const dtypesOf = (name: string): readonly FloatDType[] => (['plain', 'strided', 'grouped'].includes(name) ? floats : ['float32'])

const convolutions: OpExample[] = Object.entries(cases).flatMap(([name, { x, kernel, options }]) =>
  dtypesOf(name).map((dtype) =>
    example(`${name} ${dtype}`, [values(x, { dtype }), values(kernel, { dtype })], (a, b) => T.conv(a as Tensor, b as Tensor, options)),
  ),
)

const spatialOf = (y: Tensor, operand: number): readonly number[] => (y.inputs[operand] as Tensor).shape.slice(2)

const gradientForms = (form: 'convInputGradient' | 'convKernelGradient'): OpExample[] =>
  Object.entries(cases).flatMap(([name, { x, kernel, options }]) =>
    dtypesOf(name).map((dtype) => {
      const y = T.conv(T.input('x', x, dtype), T.input('kernel', kernel, dtype), options)
      const attributes = y.attributes as Tensor<'conv'>['attributes']
      const other = form === 'convInputGradient' ? 1 : 0
      const spatial = spatialOf(y, 1 - other)
      const cotangent = values(y.shape, { dtype })
      const known = values((y.inputs[other] as Tensor).shape, { dtype })
      return example(`${name} ${dtype}`, other === 1 ? [cotangent, known] : [known, cotangent], (...operands) =>
        T.node(form, operands, { ...attributes, spatial }),
      )
    }),
  )

const pools = (form: 'maxPool' | 'maxPoolIndices'): OpExample[] =>
  floats.flatMap((dtype) =>
    (
      [
        [2, {}],
        [3, { stride: 2, padding: 'same' }],
        [2, { stride: 1, dilation: 2 }],
      ] as const
    ).map(([kernel, options]) => {
      const x = values([2, 3, 6, 6], { dtype })
      const attributes = T.maxPool(x, kernel, options).attributes as Tensor<'maxPool'>['attributes']
      return example(`${dtype} ${kernel} ${JSON.stringify(options)}`, [x], (value) => T.node(form, [value as Tensor], attributes))
    }),
  )

export const windowExamples: OpExamples<'conv' | 'convInputGradient' | 'convKernelGradient' | 'maxPool' | 'maxPoolIndices'> = {
  conv: convolutions,
  convInputGradient: gradientForms('convInputGradient'),
  convKernelGradient: gradientForms('convKernelGradient'),
  maxPool: pools('maxPool'),
  maxPoolIndices: pools('maxPoolIndices'),
}
