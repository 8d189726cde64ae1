import { int64, positive, random, scalar, whole } from './build.ts'
import type { Values } from './build.ts'
import { contribExamples } from './examples-contrib.ts'
import { quantisedExamples } from './examples-quantised.ts'
import { regionExamples } from './examples-region.ts'
import type { Example } from './example.ts'

const x = random([2, 3], 3)
const y = random([2, 3], 4)
const image = random([2, 4, 6, 6], 5)
const flags: Values = { type: 'bool', shape: [2, 3], data: [1, 0, 1, 0, 1, 1] }
const places: Values = { type: 'int64', shape: [2, 2], data: [0, 2, -1, 1] }

const unary = (names: string, input: Values = x, opset = 17): Example[] => names.split(' ').map((op) => ({ op, inputs: [input], opset }))
const binary = (names: string): Example[] => names.split(' ').map((op) => ({ op, inputs: [x, random([3], 9)] }))
const reductions = (names: string): Example[] =>
  names.split(' ').flatMap((op): Example[] => [
    { op, inputs: [positive(x)], attributes: { axes: [1], keepdims: 0 }, opset: 11 },
    { op, inputs: [positive(x), int64(-1)], opset: 18 },
    { op, inputs: [positive(x)], opset: 18 },
  ])

const recurrent = (op: string, gates: number): Example[] => [
  {
    op,
    inputs: [random([5, 2, 3], 1), random([1, gates * 4, 3], 2), random([1, gates * 4, 4], 3)],
    attributes: { hidden_size: 4 },
    outputs: 2,
  },
  {
    op,
    inputs: [
      random([20, 2, 3], 1),
      random([2, gates * 4, 3], 2),
      random([2, gates * 4, 4], 3),
      random([2, gates * 8], 4),
      null,
      random([2, 2, 4], 5),
    ],
    attributes: { hidden_size: 4, direction: 'bidirectional' },
    outputs: 2,
  },
  {
    op,
    inputs: [
      random([5, 2, 3], 1),
      random([1, gates * 4, 3], 2),
      random([1, gates * 4, 4], 3),
      random([1, gates * 8], 4),
      { type: 'int32', shape: [2], data: [3, 5] },
    ],
    attributes: { hidden_size: 4, direction: 'reverse' },
    outputs: 2,
  },
]

/** At least one example for every operator that is read, and one for each older form. */
export const examples: readonly Example[] = [
  ...unary(
    'Abs Acosh Asin Acos Asinh Atan Atanh Ceil Cos Cosh Elu Erf Exp Floor HardSigmoid HardSwish Identity LeakyRelu Log Neg Reciprocal Relu Round Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Tan Tanh Celu ThresholdedRelu',
    {
      ...x,
      data: x.data.map((value) => Math.fround(Math.abs(value) * 0.4 + 0.5)),
    },
  ).map((example) =>
    example.op === 'Acosh' ? { ...example, inputs: [positive({ ...x, data: x.data.map((value) => Math.abs(value) + 1) })] } : example,
  ),
  ...unary('Abs Elu Erf LeakyRelu Relu Selu Sigmoid Softplus HardSigmoid HardSwish Tanh Celu ThresholdedRelu Softsign'),
  ...unary('Mish', x, 18),
  ...unary('Gelu', x, 20),
  { op: 'Gelu', inputs: [x], attributes: { approximate: 'tanh' }, opset: 20 },
  { op: 'SwiGLU', inputs: [x, y], opset: 28, withoutRuntime: true },
  { op: 'BitShift', inputs: [whole('uint8', [4], [0, 60]), whole('uint8', [4], [0, 3], 2)], attributes: { direction: 'LEFT' } },
  { op: 'BitShift', inputs: [whole('uint8', [4], [0, 255]), whole('uint8', [4], [0, 3], 2)], attributes: { direction: 'RIGHT' } },
  ...['BitwiseAnd', 'BitwiseOr', 'BitwiseXor'].map((op): Example => ({
    op,
    inputs: [int64(12, -7, 2 ** 30), int64(10, 3, -1)],
    opset: 18,
  })),
  { op: 'BitwiseNot', inputs: [int64(12, -7)], opset: 18 },
  { op: 'BitwiseNot', inputs: [whole('uint8', [4], [0, 255])], opset: 18 },
  { op: 'Cast', inputs: [int64(255, 256, -1)], attributes: { to: 2 } },
  { op: 'Swish', inputs: [x], attributes: { alpha: { float: 1.5 } }, opset: 24, withoutRuntime: true },
  { op: 'Shrink', inputs: [x], attributes: { bias: { float: 0.1 }, lambd: { float: 0.3 } } },
  { op: 'PRelu', inputs: [image, random([4, 1, 1], 2)] },
  { op: 'IsInf', inputs: [{ shape: [3], data: [1, Infinity, -Infinity] }] },
  { op: 'IsNaN', inputs: [{ shape: [3], data: [1, Number.NaN, 0] }] },
  ...binary('Add Sub Mul Div Max Min Sum Mean Greater GreaterOrEqual Less LessOrEqual Equal'),
  { op: 'Pow', inputs: [positive(x), positive(y)] },
  ...[2, 3, 0.5, -1].map((exponent): Example => ({ op: 'Pow', inputs: [positive(x), scalar(exponent, 'double')] })),
  { op: 'Mod', inputs: [x, positive(y)], attributes: { fmod: 1 } },
  { op: 'Mod', inputs: [int64(7, -7, 5), int64(3, 3, -3)] },
  { op: 'Div', inputs: [int64(7, -7, 5), int64(2, 2, -2)] },
  { op: 'And', inputs: [flags, { ...flags, data: [1, 1, 0, 0, 1, 0] }] },
  { op: 'Or', inputs: [flags, { ...flags, data: [1, 1, 0, 0, 1, 0] }] },
  { op: 'Xor', inputs: [flags, { ...flags, data: [1, 1, 0, 0, 1, 0] }] },
  { op: 'Not', inputs: [flags] },
  { op: 'Where', inputs: [flags, x, y] },
  { op: 'Cast', inputs: [random([4], 2)], attributes: { to: 6 } },
  { op: 'Cast', inputs: [flags], attributes: { to: 1 } },
  { op: 'CastLike', inputs: [int64(1, 2), scalar(0, 'float')], withoutRuntime: true },
  { op: 'Clip', inputs: [x], attributes: { min: { float: -0.2 }, max: { float: 0.4 } }, opset: 8 },
  { op: 'Clip', inputs: [x, null, scalar(0.3, 'float')], opset: 13 },
  { op: 'Dropout', inputs: [x], attributes: { ratio: { float: 0.3 } }, opset: 11 },
  { op: 'Dropout', inputs: [x, scalar(0.3, 'float')], opset: 13 },
  ...reductions('ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSumSquare'),
  { op: 'ReduceSum', inputs: [x], attributes: { axes: [0] }, opset: 11 },
  { op: 'ReduceSum', inputs: [x, int64(0)], attributes: { keepdims: 0 } },
  { op: 'ReduceSum', inputs: [x], attributes: { noop_with_empty_axes: 1 } },
  { op: 'ArgMax', inputs: [x], attributes: { axis: 1, keepdims: 0 } },
  { op: 'ArgMin', inputs: [x], attributes: { axis: -1 } },
  { op: 'CumProd', inputs: [x, scalar(1)], attributes: { exclusive: 1 }, opset: 26, withoutRuntime: true },
  { op: 'CumSum', inputs: [x, scalar(1)], attributes: { exclusive: 1, reverse: 1 } },
  { op: 'Hardmax', inputs: [x] },
  ...['Softmax', 'LogSoftmax'].flatMap((op): Example[] => [
    { op, inputs: [random([2, 3, 2], 1)], attributes: { axis: 1 }, opset: 11 },
    { op, inputs: [random([2, 3, 2], 1)], attributes: { axis: 1 }, opset: 13 },
    { op, inputs: [random([2, 3, 2], 1)], opset: 13 },
  ]),
  { op: 'TopK', inputs: [random([2, 5], 1)], attributes: { k: 2 }, opset: 9, outputs: 2, withoutRuntime: true },
  { op: 'TopK', inputs: [random([2, 5], 1), int64(3)], attributes: { largest: 0 }, outputs: 2 },

  { op: 'Concat', inputs: [x, y], attributes: { axis: -1 } },
  { op: 'DepthToSpace', inputs: [image], attributes: { blocksize: 2 } },
  { op: 'DepthToSpace', inputs: [image], attributes: { blocksize: 2, mode: 'CRD' } },
  { op: 'CenterCropPad', inputs: [image, int64(4, 9)], attributes: { axes: [2, 3] }, opset: 18 },
  { op: 'SpaceToDepth', inputs: [image], attributes: { blocksize: 3 } },
  { op: 'Expand', inputs: [random([3, 1], 1), int64(2, 1, 4)] },
  { op: 'Flatten', inputs: [image], attributes: { axis: 2 } },
  { op: 'Pad', inputs: [x], attributes: { pads: [1, 0, 0, 2], value: { float: 0.5 } }, opset: 10 },
  { op: 'Pad', inputs: [x, int64(0, 1, 1, 1)], attributes: { mode: 'reflect' } },
  { op: 'Pad', inputs: [x, int64(1, 0, 1, 2), scalar(2, 'float')] },
  { op: 'Pad', inputs: [x, int64(1, -1), null, int64(1)], attributes: { mode: 'edge' }, opset: 18 },
  { op: 'Reshape', inputs: [x, int64(0, -1, 1)] },
  { op: 'ReverseSequence', inputs: [random([4, 2, 2], 1), int64(3, 2)] },
  { op: 'ReverseSequence', inputs: [random([2, 4], 1), int64(3, 2)], attributes: { time_axis: 1, batch_axis: 0 } },
  { op: 'Slice', inputs: [image], attributes: { starts: [1, -3], ends: [9, -1], axes: [1, 3] }, opset: 9 },
  { op: 'Slice', inputs: [image, int64(5, -1), int64(-9, 0), int64(2, 3), int64(-2, -1)] },
  { op: 'Split', inputs: [random([2, 5], 1)], attributes: { axis: 1, split: [2, 3] }, outputs: 2, opset: 11 },
  { op: 'Split', inputs: [random([2, 5], 1), int64(1, 4)], attributes: { axis: 1 }, outputs: 2 },
  { op: 'Split', inputs: [random([2, 5], 1)], attributes: { axis: 1, num_outputs: 2 }, outputs: 2, opset: 18 },
  { op: 'Squeeze', inputs: [random([1, 3, 1], 1)], attributes: { axes: [-1] }, opset: 11 },
  { op: 'Squeeze', inputs: [random([1, 3, 1], 1), int64(0)] },
  { op: 'Squeeze', inputs: [random([1, 3, 1], 1)] },
  { op: 'Unsqueeze', inputs: [x], attributes: { axes: [0, 2] }, opset: 11 },
  { op: 'Unsqueeze', inputs: [x, int64(-1, 0)] },
  { op: 'Tile', inputs: [x, int64(2, 3)] },
  { op: 'Transpose', inputs: [image], attributes: { perm: [0, 2, 3, 1] } },
  { op: 'Transpose', inputs: [x] },
  { op: 'Trilu', inputs: [random([3, 4], 1), scalar(1)], attributes: { upper: 0 } },
  { op: 'Trilu', inputs: [random([3, 4], 1)] },

  { op: 'Constant', inputs: [], attributes: { value_floats: { floats: [1, 2] } } },
  { op: 'Constant', inputs: [], attributes: { value_int: 3 } },
  { op: 'ConstantOfShape', inputs: [int64(2, 2)], attributes: { value: { shape: [1], data: [3] } } },
  { op: 'EyeLike', inputs: [x], attributes: { k: 1 } },
  { op: 'NonZero', inputs: [int64(0, 3, 0, 1)] },
  { op: 'Range', inputs: [scalar(1), scalar(8), scalar(3)] },
  { op: 'Shape', inputs: [image], attributes: { start: 1 } },
  { op: 'Size', inputs: [image] },

  { op: 'Gather', inputs: [x, places], attributes: { axis: 1 } },
  { op: 'GatherElements', inputs: [x, places], attributes: { axis: 1 } },
  { op: 'GatherND', inputs: [random([2, 3, 2], 1), { type: 'int64', shape: [2, 1], data: [1, -2] }], attributes: { batch_dims: 1 } },
  { op: 'Compress', inputs: [x, { type: 'bool', shape: [3], data: [1, 0, 1] }], attributes: { axis: 1 } },
  { op: 'OneHot', inputs: [int64(1, -1), scalar(3), { shape: [2], data: [-0.5, 2] }], attributes: { axis: 0 } },
  { op: 'Scatter', inputs: [x, places, random([2, 2], 1)], attributes: { axis: 1 }, opset: 10 },
  { op: 'ScatterElements', inputs: [x, { type: 'int64', shape: [1, 2], data: [1, 0] }, random([1, 2], 1)], attributes: { axis: 0 } },
  {
    op: 'ScatterElements',
    inputs: [x, { type: 'int64', shape: [2, 2], data: [1, 1, 0, 2] }, random([2, 2], 1)],
    attributes: { axis: 1, reduction: 'add' },
  },
  ...['max', 'min', 'mul'].flatMap((reduction): Example[] => [
    {
      op: 'ScatterElements',
      inputs: [x, { type: 'int64', shape: [1, 4], data: [1, 1, 0, 2] }, random([1, 4], 1)],
      attributes: { axis: 1, reduction },
      opset: 18,
    },
    {
      op: 'ScatterND',
      inputs: [random([3, 2], 1), { type: 'int64', shape: [3, 1], data: [2, 0, 2] }, random([3, 2], 2)],
      attributes: { reduction },
      opset: 18,
    },
  ]),
  {
    op: 'TensorScatter',
    inputs: [random([2, 4, 3], 1), random([2, 2, 3], 2), int64(1, 3)],
    attributes: { mode: 'circular' },
    opset: 24,
    withoutRuntime: true,
  },
  { op: 'ScatterND', inputs: [random([3, 2], 1), { type: 'int64', shape: [2, 1], data: [2, 0] }, random([2, 2], 2)] },
  { op: 'NegativeLogLikelihoodLoss', inputs: [x, int64(2, 0), positive(random([3], 1))] },
  {
    op: 'SoftmaxCrossEntropyLoss',
    inputs: [random([2, 3, 2], 1), { type: 'int64', shape: [2, 2], data: [2, 0, 1, -1] }],
    attributes: { ignore_index: -1, reduction: 'sum' },
  },

  { op: 'Det', inputs: [random([2, 3, 3], 1)] },
  { op: 'Einsum', inputs: [random([2, 3], 1), random([3, 4], 2)], attributes: { equation: '...j,jk->...k' } },
  {
    op: 'Gemm',
    inputs: [random([3, 2], 1), random([4, 3], 2), random([4], 3)],
    attributes: { transA: 1, transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } },
  },
  { op: 'MatMul', inputs: [random([3], 1), random([2, 3, 4], 2)] },

  { op: 'Conv', inputs: [image, random([6, 2, 3, 3], 1), random([6], 2)], attributes: { group: 2, strides: [2, 1], pads: [1, 0, 1, 2] } },
  { op: 'Conv', inputs: [random([1, 2, 7], 1), random([3, 2, 3], 2)], attributes: { auto_pad: 'SAME_UPPER', strides: [2] } },
  {
    op: 'ConvTranspose',
    inputs: [image, random([4, 2, 3, 3], 1), random([4], 2)],
    attributes: { group: 2, strides: [2, 2], pads: [1, 1, 0, 1], output_padding: [1, 0] },
  },
  {
    op: 'ConvTranspose',
    inputs: [image, random([4, 2, 3, 3], 1)],
    attributes: { strides: [2, 2], auto_pad: 'SAME_LOWER' },
    withoutRuntime: true,
  },
  { op: 'Col2Im', inputs: [random([1, 8, 4], 1), int64(3, 3), int64(2, 2)], opset: 18 },
  { op: 'AveragePool', inputs: [image], attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 0, 0], ceil_mode: 1 } },
  { op: 'AveragePool', inputs: [image], attributes: { kernel_shape: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 } },
  { op: 'AveragePool', inputs: [image], attributes: { kernel_shape: [2, 3], strides: [2, 3] } },
  { op: 'MaxPool', inputs: [image], attributes: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }, outputs: 2 },
  { op: 'MaxPool', inputs: [image], attributes: { kernel_shape: [2, 2], storage_order: 1 }, outputs: 2 },
  { op: 'MaxPool', inputs: [whole('uint8', [1, 1, 4, 4], [0, 255])], attributes: { kernel_shape: [2, 2] } },
  { op: 'MaxPool', inputs: [random([1, 1, 7], 1)], attributes: { kernel_shape: [3], dilations: [2], auto_pad: 'VALID' } },
  {
    op: 'MaxUnpool',
    inputs: [random([1, 1, 2, 2], 1), { type: 'int64', shape: [1, 1, 2, 2], data: [1, 3, 8, 14] }],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
  },
  { op: 'LpPool', inputs: [positive(image)], attributes: { kernel_shape: [2, 2], p: 3 } },
  ...['GlobalAveragePool', 'GlobalMaxPool', 'GlobalLpPool'].map((op): Example => ({ op, inputs: [image] })),

  { op: 'BatchNormalization', inputs: [image, ...[1, 2, 3, 4].map((seed) => positive(random([4], seed)))] },
  { op: 'GroupNormalization', inputs: [image, random([2], 1), random([2], 2)], attributes: { num_groups: 2 }, opset: 18 },
  { op: 'GroupNormalization', inputs: [image, random([4], 1), random([4], 2)], attributes: { num_groups: 2 }, opset: 21 },
  { op: 'InstanceNormalization', inputs: [image, random([4], 1), random([4], 2)] },
  { op: 'LRN', inputs: [image], attributes: { size: 3, alpha: { float: 0.5 } } },
  { op: 'LayerNormalization', inputs: [image, random([6], 1), random([6], 2)] },
  { op: 'LpNormalization', inputs: [x], attributes: { p: 2 } },
  { op: 'MeanVarianceNormalization', inputs: [image] },
  { op: 'RMSNormalization', inputs: [image, random([6], 1)], opset: 23 },
  { op: 'SimplifiedLayerNormalization', inputs: [image, random([6], 1)], attributes: { axis: -1 } },

  ...recurrent('RNN', 1),
  ...recurrent('LSTM', 4),
  ...recurrent('GRU', 3),
  { ...(recurrent('GRU', 3)[0] as Example), attributes: { hidden_size: 4, linear_before_reset: 1 } },

  {
    op: 'Resize',
    inputs: [image, null, { shape: [4], data: [1, 1, 2, 2] }],
    attributes: { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
  },
  { op: 'Resize', inputs: [image, null, { shape: [4], data: [1, 1, 1.5, 0.5] }], attributes: { mode: 'linear' } },
  {
    op: 'Resize',
    inputs: [image, null, null, int64(2, 4, 9, 4)],
    attributes: { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
  },
  {
    op: 'Resize',
    inputs: [image, null, { shape: [4], data: [1, 1, 2, 2] }],
    attributes: { mode: 'cubic', coordinate_transformation_mode: 'pytorch_half_pixel' },
  },
  { op: 'Resize', inputs: [image, { shape: [4], data: [1, 1, 2, 3] }], attributes: { mode: 'nearest' }, opset: 10 },
  { op: 'Upsample', inputs: [image, { shape: [4], data: [1, 1, 2, 2] }], attributes: { mode: 'linear' }, opset: 9 },
  { op: 'GridSample', inputs: [random([1, 2, 4, 4], 1), random([1, 3, 3, 2], 2)], opset: 16 },
  {
    op: 'GridSample',
    inputs: [random([1, 2, 4, 4], 1), random([1, 3, 3, 2], 2)],
    attributes: { align_corners: 1, padding_mode: 'border' },
    opset: 16,
  },
  ...['zeros', 'border', 'reflection'].map((padding_mode): Example => ({
    op: 'GridSample',
    inputs: [random([1, 2, 4, 4], 1), random([1, 3, 3, 2], 2)],
    attributes: { mode: 'bicubic', padding_mode },
    opset: 16,
  })),
  { op: 'AffineGrid', inputs: [random([1, 2, 3], 1), int64(1, 1, 2, 3)], opset: 20 },
  { op: 'DFT', inputs: [random([1, 6, 1], 1)], attributes: { axis: 1, onesided: 1 } },
  { op: 'DFT', inputs: [random([1, 6, 2], 1)], attributes: { axis: 1, inverse: 1 } },
  { op: 'STFT', inputs: [random([1, 16, 1], 1), scalar(4), random([8], 2)] },
  { op: 'DFT', inputs: [random([1, 4, 2], 1)], attributes: { axis: 1, inverse: 1, onesided: 1 }, withoutRuntime: true },
  { op: 'MelWeightMatrix', inputs: [scalar(4), scalar(32), scalar(8000), scalar(0, 'float'), scalar(4000, 'float')], constants: [3, 4] },
  ...['HannWindow', 'HammingWindow', 'BlackmanWindow'].map((op): Example => ({ op, inputs: [scalar(6)] })),

  ...contribExamples,
  ...quantisedExamples,
  ...regionExamples,
]
