import { positive, random, scalar, whole } from './build.ts'
import type { Values } from './build.ts'
import type { Example } from './example.ts'

const bytes = (shape: readonly number[], seed = 1): Values => whole('uint8', shape, [0, 255], seed)
const signed = (shape: readonly number[], seed = 1): Values => whole('int8', shape, [-127, 127], seed)
const scale = (value: number): Values => scalar(value, 'float')
const zero = (value: number): Values => scalar(value, 'uint8')

/** A rounded result stands still when a scale moves a little, so the scales are constants here. */
const exact = (op: string, inputs: readonly (Values | null)[], more: Partial<Example> = {}): Example => ({
  op,
  inputs,
  constants: [...inputs.keys()],
  ...more,
})

const contrib = { domain: 'com.microsoft' } as const

const plain: readonly Example[] = [
  {
    op: 'DequantizeLinear',
    inputs: [
      { type: 'int32', shape: [2, 3], data: [1, -2, 3, 4, 5, -6] },
      { shape: [3], data: [0.5, 0.25, 2] },
    ],
    attributes: { axis: 1 },
  },
  {
    op: 'DequantizeLinear',
    inputs: [bytes([2, 4]), positive(random([2, 2])), bytes([2, 2], 2)],
    attributes: { axis: 1, block_size: 2 },
    opset: 21,
  },
  { op: 'QuantizeLinear', inputs: [random([2, 5]), scale(0.05), zero(128)], constants: [1, 2], rough: true },
  { op: 'QuantizeLinear', inputs: [random([2, 5]), scale(0.004), scalar(-3, 'int8')], constants: [1, 2], rough: true },
  { op: 'DynamicQuantizeLinear', inputs: [random([2, 5])], outputs: 3, rough: true },
  exact('MatMulInteger', [bytes([2, 3]), signed([3, 4]), zero(100), scalar(2, 'int8')]),
  exact('MatMulInteger', [bytes([2, 3]), bytes([3, 4], 3), zero(100), bytes([4], 4)]),
  exact('ConvInteger', [bytes([1, 2, 5, 5]), bytes([3, 2, 3, 3], 2), zero(100), zero(90)], { attributes: { pads: [1, 1, 1, 1] } }),
  exact('QLinearMatMul', [bytes([2, 3]), scale(0.02), zero(100), bytes([3, 4], 2), scale(0.03), zero(120), scale(0.05), zero(110)]),
  exact('QLinearConv', [
    bytes([1, 2, 5, 5]),
    scale(0.02),
    zero(100),
    signed([3, 2, 3, 3], 2),
    positive(random([3])),
    { type: 'int8', shape: [3], data: [0, 0, 0] },
    scale(2),
    zero(110),
    whole('int32', [3], [-500, 500]),
  ]),
]

const two: readonly Values[] = [bytes([2, 5]), scale(0.02), zero(120), bytes([5], 2), scale(0.03), zero(100), scale(0.05), zero(128)]
const one = (shape: readonly number[], to = 0.02): readonly Values[] => [bytes(shape), scale(0.05), zero(128), scale(to), zero(100)]

const byRuntime: readonly Example[] = [
  exact('QLinearAdd', two, contrib),
  exact('QLinearMul', two, contrib),
  exact('QLinearSigmoid', one([2, 5], 1 / 128), contrib),
  exact('QLinearLeakyRelu', one([2, 5]), contrib),
  exact('QLinearGlobalAveragePool', one([1, 2, 4, 4]), contrib),
  exact('QLinearAveragePool', one([1, 2, 4, 4]), { ...contrib, attributes: { kernel_shape: [2, 2] } }),
  exact('QLinearReduceMean', one([2, 4]), { ...contrib, attributes: { axes: [1], keepdims: 1 }, withoutRuntime: true }),
  exact('QLinearSoftmax', [bytes([2, 5]), scale(0.05), zero(128), scale(1 / 256), zero(0)], { ...contrib, attributes: { opset: 13 } }),
  exact('QLinearConcat', [scale(0.05), zero(120), bytes([2, 3]), scale(0.05), zero(128), bytes([2, 4], 2), scale(0.02), zero(100)], {
    ...contrib,
    attributes: { axis: 1 },
  }),
  exact(
    'QLinearWhere',
    [
      { type: 'bool', shape: [3], data: [1, 0, 1] },
      bytes([2, 3]),
      scale(0.05),
      zero(128),
      bytes([2, 3], 2),
      scale(0.02),
      zero(100),
      scale(0.05),
      zero(120),
    ],
    contrib,
  ),
  exact(
    'QGemm',
    [
      bytes([3, 4]),
      scale(0.05),
      zero(128),
      signed([5, 4], 2),
      scale(0.02),
      scalar(3, 'int8'),
      whole('int32', [5], [-90, 90]),
      scale(0.05),
      zero(120),
    ],
    { ...contrib, attributes: { transB: 1 } },
  ),
  { op: 'QuantizeLinear', inputs: [random([2, 5]), scale(0.05), zero(128)], constants: [1, 2], rough: true, ...contrib },
  { op: 'DequantizeLinear', inputs: [bytes([2, 5]), scale(0.05), zero(128)], ...contrib },
  {
    op: 'DynamicQuantizeMatMul',
    inputs: [random([3, 4]), signed([4, 5]), scale(0.02), scalar(0, 'int8'), random([5], 2)],
    constants: [1, 2, 3],
    rough: true,
    ...contrib,
  },
  {
    op: 'MatMulIntegerToFloat',
    inputs: [bytes([3, 4]), bytes([4, 5], 2), scale(0.05), positive(random([5])), zero(128), bytes([5], 3)],
    ...contrib,
  },
  {
    op: 'DynamicQuantizeLSTM',
    inputs: [
      random([3, 2, 4]),
      signed([1, 4, 12]),
      signed([1, 3, 12], 2),
      random([1, 24], 3),
      null,
      null,
      null,
      null,
      { shape: [1], data: [0.01] },
      { type: 'int8', shape: [1], data: [0] },
      { shape: [1], data: [0.01] },
      { type: 'int8', shape: [1], data: [0] },
    ],
    constants: [8, 10],
    attributes: { hidden_size: 3 },
    outputs: 2,
    rough: true,
    // Products of bytes inside a step round differently.
    withoutRuntime: true,
    ...contrib,
  },
  {
    op: 'QAttention',
    inputs: [bytes([1, 3, 4]), signed([4, 12], 2), random([12]), scale(0.02), scale(0.01), null, zero(128), scalar(0, 'int8')],
    constants: [3, 4],
    attributes: { num_heads: 2, unidirectional: 1 },
    ...contrib,
  },
]

/** Quantised operators of ONNX and of ONNX Runtime. */
export const quantisedExamples: readonly Example[] = [...plain, ...byRuntime]
