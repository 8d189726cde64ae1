import { evaluate, tensor } from '@grad-ts/tensor'
import type { Constant, FloatDType } from '@grad-ts/tensor'
import * as E from 'fp-ts/lib/Either.js'
import { fromOnnxBytes } from '../../src/index.ts'
import type { NamedConstants, OnnxModel, OnnxOptions } from '../../src/index.ts'
import { model } from './build.ts'
import type { Graph, Values } from './build.ts'
import type { Example } from './example.ts'

export const read = (bytes: Uint8Array, options: OnnxOptions = {}): OnnxModel => {
  const result = fromOnnxBytes(bytes, options)
  if (E.isLeft(result)) throw result.left
  return result.right
}

/** The message of the error that reading gives. */
export const refusal = (bytes: Uint8Array, options: OnnxOptions = {}): string => {
  const result = fromOnnxBytes(bytes, options)
  return E.isLeft(result) ? `${result.left.tag}: ${result.left.message}` : 'was read'
}

export const constantOf = ({ type = 'float', shape, data }: Values, float: FloatDType = 'float32'): Constant =>
  tensor([...data], { shape, dtype: type === 'bool' ? 'bool' : type.includes('int') ? 'int32' : float })

const isFloat = (values: Values | null): values is Values => values !== null && (values.type ?? 'float') === 'float'

const named = (values: readonly (Values | null)[], test: (value: Values) => boolean): Record<string, Values> =>
  Object.fromEntries(values.flatMap((value, i) => (value !== null && test(value) ? [[`in${i}`, value] as const] : [])))

export const outputNames = ({ outputs = 1 }: Example): string[] => Array.from({ length: outputs }, (_, i) => `out${i}`)

/** The model of an example: its floats are inputs, or weights. */
export const graphOf = (example: Example, floatsAre: 'inputs' | 'weights'): Graph => {
  const { op, domain = '', inputs, attributes = {} } = example
  const floats = named(inputs, (value) => isFloat(value) && !isStatic(example, value))
  const others = named(inputs, (value) => !isFloat(value) || isStatic(example, value))
  return {
    nodes: [
      {
        op,
        domain,
        name: 'node',
        inputs: inputs.map((value, i) => (value === null ? '' : `in${i}`)),
        outputs: outputNames(example),
        attributes,
      },
    ],
    inputs: floatsAre === 'inputs' ? floats : {},
    outputs: outputNames(example),
    weights: floatsAre === 'inputs' ? others : { ...others, ...floats },
  }
}

// Scales of a change of size decide a shape; bounds and ratios stand as constants in every real file.
const isStatic = ({ op, inputs, constants = [] }: Example, value: Values): boolean =>
  constants.includes(inputs.indexOf(value)) ||
  ((op === 'Resize' || op === 'Upsample') && value !== inputs[0]) ||
  ((op === 'Clip' || op === 'Dropout' || op === 'Pad') && value !== inputs[0])

/** The float inputs that an example is fed with. */
export const feedsOf = (example: Example): Record<string, Values> =>
  named(example.inputs, (value) => isFloat(value) && !isStatic(example, value))

export const bytesOf = (example: Example, floatsAre: 'inputs' | 'weights' = 'inputs'): Uint8Array =>
  model(graphOf(example, floatsAre), example.opset)

/** Runs an example in the reference interpreter. */
export const interpretExample = (example: Example): NamedConstants => {
  const feeds = Object.fromEntries(Object.entries(feedsOf(example)).map(([name, values]) => [name, constantOf(values)]))
  return evaluate(read(bytesOf(example)).apply({}, feeds)) as NamedConstants
}

export const titleOf = ({ op, opset = 17, attributes = {} }: Example, i: number): string =>
  `${i}: ${op}-${opset} ${JSON.stringify(attributes).slice(0, 60)}`
