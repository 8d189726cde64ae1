import { int64, positive, random, scalar } from './build.ts'
import type { Values } from './build.ts'
import type { Example } from './example.ts'

const boxes: Values = { shape: [2, 4], data: [1, 2, 7.3, 8.9, 0.4, 0.6, 9.1, 5.2] }

const pooled = (attributes: NonNullable<Example['attributes']>, opset = 16): Example => ({
  op: 'RoiAlign',
  inputs: [random([2, 2, 10, 10], 1), boxes, int64(1, 0)],
  // How many places of a region are read follows from its size.
  constants: attributes['sampling_ratio'] === undefined ? [1] : [],
  attributes: { output_height: 2, output_width: 3, spatial_scale: { float: 0.9 }, ...attributes },
  opset,
})

const suppressed: Example = {
  op: 'NonMaxSuppression',
  inputs: [
    { shape: [1, 4, 4], data: [0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 10, 1, 11, 0, 10.4, 1, 11.4] },
    { shape: [1, 2, 4], data: [0.9, 0.75, 0.6, 0.95, 0.1, 0.8, 0.7, 0.2] },
    scalar(3),
    scalar(0.4, 'float'),
    scalar(0.3, 'float'),
  ],
  constants: [0, 1, 3, 4],
}

const heads = (attributes: NonNullable<Example['attributes']>, mask: Values | null = null): Example => ({
  op: 'Attention',
  inputs: [random([2, 4, 3, 4], 1), random([2, 2, 5, 4], 2), random([2, 2, 5, 3], 3), mask],
  attributes,
  opset: 23,
  // Runtimes differ in which operator set of it they have.
  withoutRuntime: true,
})

/** Operators that read regions, select by values, draw numbers or attend. */
export const regionExamples: readonly Example[] = [
  pooled({ sampling_ratio: 2 }),
  pooled({ sampling_ratio: 2, coordinate_transformation_mode: 'output_half_pixel' }),
  pooled({}),
  pooled({ sampling_ratio: 2, mode: 'max' }),
  {
    op: 'MaxRoiPool',
    inputs: [random([2, 2, 8, 9], 1), { shape: [2, 5], data: [1, 0.4, 1.3, 6.8, 7.9, 0, 2.4, 0, 3.3, 5.2] }],
    constants: [1],
    attributes: { pooled_shape: [2, 3] },
  },
  {
    op: 'DeformConv',
    inputs: [
      random([1, 4, 5, 5], 1),
      random([6, 2, 3, 3], 2),
      random([1, 36, 5, 5], 3),
      random([6], 4),
      positive(random([1, 18, 5, 5], 5)),
    ],
    attributes: { group: 2, offset_group: 2, pads: [1, 1, 1, 1] },
    opset: 19,
  },
  suppressed,
  { ...suppressed, attributes: { center_point_box: 1 } },
  { op: 'Unique', inputs: [{ shape: [5], data: [2, 1, 1, 3, 2] }], constants: [0], outputs: 4 },
  { op: 'Unique', inputs: [int64(5, 3, 5)], attributes: { sorted: 0 }, outputs: 4 },
  { op: 'Unique', inputs: [{ type: 'int64', shape: [3, 2], data: [1, 0, 1, 0, 0, 4] }], attributes: { axis: 0 }, outputs: 4 },

  heads({}),
  heads({ is_causal: 1, softcap: { float: 2 }, scale: { float: 0.3 } }),
  heads({}, { type: 'bool', shape: [3, 5], data: [1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1] }),
  heads({ is_causal: 1 }, random([1, 4, 3, 4], 7)),
  {
    op: 'Attention',
    inputs: [random([1, 3, 8], 1), random([1, 3, 4], 2), random([1, 3, 4], 3), null, random([1, 1, 2, 4], 4), random([1, 1, 2, 4], 5)],
    attributes: { q_num_heads: 2, kv_num_heads: 1, is_causal: 1 },
    outputs: 3,
    opset: 23,
    withoutRuntime: true,
  },
  {
    op: 'RotaryEmbedding',
    inputs: [random([1, 2, 3, 4], 1), random([6, 2], 2), random([6, 2], 3), { type: 'int64', shape: [1, 3], data: [0, 4, 2] }],
    opset: 23,
  },
  {
    op: 'RotaryEmbedding',
    inputs: [random([1, 3, 12], 1), random([1, 3, 2], 2), random([1, 3, 2], 3)],
    attributes: { num_heads: 2, interleaved: 1, rotary_embedding_dim: 4 },
    opset: 23,
  },

  ...['RandomNormalLike', 'RandomUniformLike', 'Bernoulli'].map((op): Example => ({
    op,
    inputs: [positive(random([2, 3]))],
    withoutRuntime: true,
  })),
  ...['RandomNormal', 'RandomUniform'].map((op): Example => ({ op, inputs: [], attributes: { shape: [2, 3] }, withoutRuntime: true })),
  { op: 'Multinomial', inputs: [random([2, 3])], attributes: { sample_size: 4 }, withoutRuntime: true },
]
