import { int64, positive, random, scalar, whole } from './build.ts'
import type { Values } from './build.ts'
import type { Example } from './example.ts'

const x = random([2, 3], 3)
const image = random([1, 4, 5, 5], 5)
const words = random([2, 5, 8], 1)
const wide = random([2, 5, 16], 1)
const vector = (seed: number): Values => random([8], seed)
const ids: Values = { type: 'int32', shape: [2, 5], data: [1, 2, 3, 4, 5, 5, 4, 3, 0, 0] }
const mask: Values = { type: 'int32', shape: [2, 5], data: [1, 1, 1, 1, 1, 1, 1, 1, 0, 0] }
const places: Values = { type: 'int64', shape: [2, 5], data: [0, 1, 2, 3, 4, 2, 3, 4, 5, 6] }

const contrib = (op: string, inputs: readonly (Values | null)[], attributes: NonNullable<Example['attributes']> = {}): Example => ({
  op,
  domain: 'com.microsoft',
  inputs,
  attributes,
})

/** ONNX Runtime's CPU has no kernel for what its optimiser writes for other devices. */
const elsewhere = (example: Example): Example => ({ ...example, withoutRuntime: true })

const epsilon = { epsilon: { float: 1e-5 } }
const float = (value: number): { readonly float: number } => ({ float: value })

const activations: readonly Example[] = [
  ...['BiasGelu', 'FastGelu'].map((op) => contrib(op, [x, random([3], 1)])),
  contrib('FastGelu', [x]),
  ...['Gelu', 'QuickGelu'].map((op) => contrib(op, [x])),
  elsewhere(contrib('BiasAdd', [words, vector(2), random([2, 5, 8], 3)])),
  elsewhere(contrib('BiasSoftmax', [random([2, 3, 4], 1), random([4], 2)], { axis: 2, is_inner_broadcast: 0 })),
  elsewhere(contrib('BiasSplitGelu', [words, vector(2)])),
]

const normalisations: readonly Example[] = [
  elsewhere(contrib('LayerNormalization', [x, random([3], 1)])),
  elsewhere(contrib('SimplifiedLayerNormalization', [x, random([3], 1)])),
  contrib('SkipLayerNormalization', [words, random([2, 5, 8], 2), vector(3), vector(4)]),
  { ...contrib('SkipLayerNormalization', [words, random([2, 5, 8], 2), vector(3), vector(4), vector(5)], epsilon), outputs: 1 },
  contrib('SkipSimplifiedLayerNormalization', [words, random([2, 5, 8], 2), vector(3), vector(4)], epsilon),
  {
    ...contrib(
      'EmbedLayerNormalization',
      [ids, mask, random([6, 8], 1), random([7, 8], 2), random([2, 8], 3), vector(4), vector(5), mask],
      epsilon,
    ),
    outputs: 2,
  },
  elsewhere(contrib('GroupNorm', [random([2, 3, 3, 8], 1), vector(2), vector(3)], { groups: 4, activation: 1 })),
  elsewhere(
    contrib('SkipGroupNorm', [random([2, 3, 3, 8], 1), vector(2), vector(3), random([2, 8], 4), vector(5)], { groups: 4, activation: 0 }),
  ),
  elsewhere(contrib('GatedRMSNorm', [words, random([4], 2), random([2, 5, 8], 3)])),
]

const fused: readonly Example[] = [
  contrib('FusedConv', [image, random([6, 2, 3, 3], 1), random([6], 2)], {
    group: 2,
    activation: 'LeakyRelu',
    activation_params: { floats: [0.2] },
  }),
  contrib('FusedConv', [image, random([2, 4, 3, 3], 1), random([2], 2), random([1, 2, 3, 3], 3)], { activation: 'Relu' }),
  contrib('FusedGemm', [random([3, 4], 1), random([5, 4], 2), random([5], 3)], {
    transB: 1,
    activation: 'LeakyRelu',
    activation_alpha: float(0.2),
  }),
  contrib('FusedMatMul', [random([2, 3], 1), random([4, 3], 2)], { transB: 1, alpha: float(0.5) }),
  contrib('FusedMatMul', [random([4, 2, 3], 1), random([2, 4, 5], 2)], { transA: 1, transBatchA: 1 }),
  contrib('TransposeMatMul', [random([2, 4, 3], 1), random([2, 4, 5], 2)], { transA: 1 }),
  elsewhere(contrib('FusedMatMulActivation', [random([2, 3], 1), random([3, 4], 2)], { activation: 'Tanh' })),
  elsewhere(contrib('GemmFastGelu', [random([2, 3], 1), random([3, 4], 2), random([4], 3)])),
  elsewhere(contrib('NhwcConv', [random([1, 5, 5, 4], 1), random([6, 4, 3, 3], 2), random([6], 3)])),
  elsewhere(contrib('NhwcFusedConv', [random([1, 5, 5, 4], 1), random([6, 4, 3, 3], 2), random([6], 3)], { activation: 'Relu' })),
  elsewhere(contrib('NhwcMaxPool', [random([1, 5, 5, 4], 1)], { kernel_shape: [2, 2] })),
]

const attention: readonly Example[] = [
  contrib('Attention', [words, random([8, 24], 2), random([24], 3), mask], { num_heads: 2 }),
  contrib('Attention', [words, random([8, 24], 2), random([24], 3), { type: 'int32', shape: [2], data: [5, 3] }], {
    num_heads: 2,
    unidirectional: 1,
  }),
  { ...contrib('Attention', [words, random([8, 24], 2), random([24], 3), null, random([2, 2, 2, 3, 4], 4)], { num_heads: 2 }), outputs: 2 },
  contrib('MultiHeadAttention', [words, random([2, 4, 8], 2), random([2, 4, 8], 3), random([24], 4), null, random([1, 2, 5, 4], 5)], {
    num_heads: 2,
  }),
  elsewhere(contrib('MultiHeadAttention', [random([2, 5, 2, 3, 4], 1)], { num_heads: 2 })),
  {
    ...contrib(
      'GroupQueryAttention',
      [wide, random([2, 5, 8], 2), random([2, 5, 8], 3), null, null, { type: 'int32', shape: [2], data: [4, 4] }, scalar(5, 'int32')],
      {
        num_heads: 2,
        kv_num_heads: 1,
        local_window_size: 3,
        softcap: float(2),
      },
    ),
    outputs: 3,
  },
  elsewhere(
    contrib(
      'GroupQueryAttention',
      [
        random([2, 5, 16], 1),
        null,
        null,
        null,
        null,
        { type: 'int32', shape: [2], data: [4, 4] },
        scalar(5, 'int32'),
        random([6, 2], 2),
        random([6, 2], 3),
        null,
        null,
        random([2], 4),
      ],
      { num_heads: 2, kv_num_heads: 1, do_rotary: 1 },
    ),
  ),
  contrib('RotaryEmbedding', [words, places, random([8, 2], 2), random([8, 2], 3)]),
  contrib('RotaryEmbedding', [random([2, 2, 5, 4], 1), int64(2), random([8, 2], 2), random([8, 2], 3)], { interleaved: 1 }),
]

const blocks: readonly Example[] = [
  contrib(
    'MatMulNBits',
    [
      random([2, 40], 1),
      whole('uint8', [3, 3, 8], [0, 255], 2),
      positive(random([3, 3], 3)),
      whole('uint8', [3, 2], [0, 255], 4),
      null,
      random([3], 5),
    ],
    { K: 40, N: 3, bits: 4, block_size: 16 },
  ),
  contrib(
    'GatherBlockQuantized',
    [whole('uint8', [5, 16], [0, 255]), int64(4, 0, 2), positive(random([5, 2], 3)), whole('uint8', [5, 1], [0, 255], 4)],
    { bits: 4, block_size: 16, quantize_axis: 1, gather_axis: 0 },
  ),
]

/** Operators of ONNX Runtime's own domain. */
export const contribExamples: readonly Example[] = [
  ...activations,
  ...normalisations,
  ...fused,
  ...attention,
  ...blocks,
  elsewhere(contrib('GridSample', [random([1, 2, 4, 4], 1), random([1, 3, 3, 2], 2)])),
  contrib('ExpandDims', [x, scalar(-1, 'int32')]),
  contrib('Inverse', [{ shape: [2, 2], data: [2, 0.5, 0.3, 1] }]),
  contrib('Trilu', [random([3, 4], 1)]),
  { ...contrib('Unique', [{ shape: [4], data: [2, 1, 1, 3] }]), constants: [0], outputs: 4, withoutRuntime: true },
]
