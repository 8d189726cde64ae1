import type { Context, Layer } from '@grad-ts/nn'
import {
  adaptiveAveragePooling,
  adaptiveMaxPooling,
  attentionPooling,
  averagePooling,
  batchNorm,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  decoderBlock,
  dense,
  dropout,
  embedding,
  encoderBlock,
  flatten,
  gaussianDropout,
  gaussianNoise,
  globalAveragePooling,
  globalMaxPooling,
  groupNorm,
  gru,
  instanceNorm,
  lambda,
  layerNorm,
  learnedPositions,
  lstm,
  maxOverTime,
  maxPooling,
  meanOverTime,
  multiHeadAttention,
  relu,
  residual,
  rmsNorm,
  separableConv2d,
  sequential,
  silu,
  simpleRnn,
  sinusoidalPositions,
  spatialDropout,
  statelessLayer,
  tanh,
  upsampling,
  withPaddingMask,
} from '@grad-ts/nn'
import { key, tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'

/** A layer, an input shape and what is to come of it. */
export interface LayerRow {
  readonly name: string
  readonly layer: Layer
  /** The shape of a float input, or int32 symbols. */
  readonly input: readonly number[] | Tensor
  readonly output: readonly number[]
  readonly paths: readonly string[]
  readonly context?: Context
}

const kernelAndBias = (prefix = ''): string[] => [`${prefix}bias`, `${prefix}kernel`]
const scaleAndBias = (prefix = ''): string[] => [`${prefix}bias`, `${prefix}scale`]
const cell = (prefix: string, gates = ''): string[] => [
  `${prefix}.bias`,
  `${prefix}.kernel`,
  `${prefix}.recurrent`,
  ...(gates === '' ? [] : [`${prefix}.${gates}`]),
]
const attention = (prefix = ''): string[] => ['key', 'output', 'query', 'value'].flatMap((part) => kernelAndBias(`${prefix}${part}.`))
const block = [
  ...attention('attention.'),
  ...scaleAndBias('attentionNorm.'),
  ...kernelAndBias('hidden.'),
  ...kernelAndBias('output.'),
  ...scaleAndBias('outputNorm.'),
]

const mask = tensor([
  [true, true, true, false],
  [true, true, false, false],
])
const symbols = tensor(
  [
    [1, 2, 3, 0],
    [4, 1, 0, 0],
  ],
  { dtype: 'int32' },
)
const training = { training: true, key: key(5) }

const row = (
  name: string,
  layer: unknown,
  input: LayerRow['input'],
  output: readonly number[],
  paths: readonly string[] = [],
  context: Context = {},
): LayerRow => ({ name, layer: layer as Layer, input, output, paths: paths.toSorted(), context })

const positions = tensor(
  [
    [2, 3, 4, 5],
    [0, 0, 1, 2],
  ],
  { dtype: 'int32' },
)
const cross = multiHeadAttention({ size: 4, heads: 2, memorySize: 3 })
const decoder = decoderBlock({ size: 4, heads: 2 })
const memory = tensor(
  Float64Array.from({ length: 2 * 5 * 4 }, (_, i) => Math.sin(i)),
  { shape: [2, 5, 4] },
)
const narrowMemory = tensor(
  Float64Array.from({ length: 2 * 5 * 3 }, (_, i) => Math.sin(i)),
  { shape: [2, 5, 3] },
)
const like = (x: Tensor, values: Tensor): Tensor =>
  tensor((values as never as { attributes: { data: Float64Array } }).attributes.data, { shape: values.shape, dtype: x.dtype })

const convolutions: LayerRow[] = [
  row('conv1d', conv1d({ in: 2, out: 3, kernel: 3, stride: 2 }), [2, 2, 7], [2, 3, 3], kernelAndBias()),
  row('conv1d, dilated', conv1d({ in: 2, out: 3, kernel: 3, dilation: 2, padding: 'same' }), [2, 2, 7], [2, 3, 7], kernelAndBias()),
  row('conv2d', conv2d({ in: 2, out: 3, kernel: 3, padding: 'same' }), [2, 2, 4, 5], [2, 3, 4, 5], kernelAndBias()),
  row('conv2d, grouped', conv2d({ in: 4, out: 4, kernel: [1, 3], groups: 2, useBias: false }), [2, 4, 3, 4], [2, 4, 3, 2], ['kernel']),
  row('conv3d', conv3d({ in: 1, out: 2, kernel: 2 }), [1, 1, 3, 3, 3], [1, 2, 2, 2, 2], kernelAndBias()),
  row('convTranspose1d', convTranspose1d({ in: 2, out: 3, kernel: 3, stride: 2 }), [2, 2, 3], [2, 3, 7], kernelAndBias()),
  row(
    'convTranspose2d',
    convTranspose2d({ in: 2, out: 3, kernel: 2, stride: 2, outputPadding: 1 }),
    [1, 2, 2, 3],
    [1, 3, 5, 7],
    kernelAndBias(),
  ),
  row('convTranspose3d', convTranspose3d({ in: 2, out: 1, kernel: 2 }), [1, 2, 2, 2, 2], [1, 1, 3, 3, 3], kernelAndBias()),
  row(
    'separableConv2d',
    separableConv2d({ in: 2, out: 3, kernel: 3 }),
    [1, 2, 4, 4],
    [1, 3, 2, 2],
    ['depthwise.kernel', ...kernelAndBias('pointwise.')],
  ),
  row('maxPooling', maxPooling({ kernel: 2 }), [2, 3, 4, 4], [2, 3, 2, 2]),
  row('averagePooling', averagePooling({ kernel: 3, padding: 1, stride: 2, countPadding: false }), [2, 3, 5, 4], [2, 3, 3, 2]),
  row('globalAveragePooling', globalAveragePooling(), [2, 3, 4, 4], [2, 3]),
  row('globalMaxPooling', globalMaxPooling(), [2, 3, 4, 4], [2, 3]),
  row('adaptiveAveragePooling', adaptiveAveragePooling(2), [2, 3, 5, 3], [2, 3, 2, 2]),
  row('adaptiveMaxPooling', adaptiveMaxPooling([2, 1]), [2, 3, 5, 3], [2, 3, 2, 1]),
  row('upsampling', upsampling({ factor: 2, mode: 'linear' }), [1, 2, 3, 2], [1, 2, 6, 4]),
]

const norms: LayerRow[] = [
  row('batchNorm', batchNorm({ features: 3 }), [4, 3, 2, 2], [4, 3, 2, 2], scaleAndBias()),
  row('batchNorm, training', batchNorm({ features: 3, axis: -1 }), [4, 5, 3], [4, 5, 3], scaleAndBias(), training),
  row('batchNorm, padded', batchNorm({ features: 3 }), [4, 3], [4, 3], scaleAndBias(), { ...training, weights: tensor([1, 1, 1, 0]) }),
  row('layerNorm', layerNorm({ features: [2, 3] }), [4, 2, 3], [4, 2, 3], scaleAndBias()),
  row('layerNorm without bias', layerNorm({ features: 3, useBias: false }), [4, 3], [4, 3], ['scale']),
  row('rmsNorm', rmsNorm({ features: 3 }), [4, 3], [4, 3], ['scale']),
  row('groupNorm', groupNorm({ channels: 4, groups: 2 }), [2, 4, 3], [2, 4, 3], scaleAndBias()),
  row('instanceNorm', instanceNorm({ channels: 2 }), [2, 2, 3, 2], [2, 2, 3, 2], scaleAndBias()),
]

const sequences: LayerRow[] = [
  row('simpleRnn', simpleRnn({ in: 3, size: 2 }), [2, 4, 3], [2, 4, 2], cell('forward')),
  row('lstm', lstm({ in: 3, size: 2, returnSequences: false }), [2, 4, 3], [2, 2], cell('forward')),
  row(
    'lstm, bidirectional, masked',
    lstm({ in: 3, size: 2, bidirectional: true }),
    [2, 4, 3],
    [2, 4, 4],
    [...cell('forward'), ...cell('backward')],
    { mask },
  ),
  row('gru', gru({ in: 3, size: 2 }), [2, 4, 3], [2, 4, 2], cell('forward', 'recurrentBias')),
  row(
    'gru, last of a masked sequence',
    gru({ in: 3, size: 2, returnSequences: false }),
    [2, 4, 3],
    [2, 2],
    cell('forward', 'recurrentBias'),
    { mask },
  ),
  row('lstm, as a loop', lstm({ in: 2, size: 2 }), [1, 20, 2], [1, 20, 2], cell('forward')),
  row('multiHeadAttention', multiHeadAttention({ size: 4, heads: 2 }), [2, 4, 4], [2, 4, 4], attention(), { mask }),
  row(
    'multiHeadAttention, causal and rotary',
    multiHeadAttention({ size: 4, heads: 2, causal: true, rotary: true }),
    [2, 4, 4],
    [2, 4, 4],
    attention(),
  ),
  row(
    'multiHeadAttention, dropout',
    multiHeadAttention({ size: 4, heads: 1, headSize: 3, dropout: 0.2 }),
    [2, 4, 4],
    [2, 4, 4],
    attention(),
    training,
  ),
  row(
    'multiHeadAttention, cross',
    statelessLayer({
      name: 'cross',
      init: cross.init,
      apply: (params, x: Tensor) => cross.apply(params, { x, memory: like(x, narrowMemory) }),
    }),
    [2, 3, 4],
    [2, 3, 4],
    attention(),
  ),
  row(
    'multiHeadAttention, shared keys and positions',
    multiHeadAttention({
      size: 8,
      heads: 4,
      keyValueHeads: 2,
      causal: true,
      rotary: { base: 100, scaling: { type: 'llama3', factor: 2, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalLength: 8 } },
      outputBias: false,
    }),
    [2, 4, 8],
    [2, 4, 8],
    attention().filter((path) => path !== 'output.bias'),
    { mask, positions },
  ),
  row('attentionPooling', attentionPooling({ size: 3 }), [2, 4, 3], [2, 3], kernelAndBias(), { mask }),
  row('meanOverTime', meanOverTime(), [2, 4, 3], [2, 3], [], { mask }),
  row('maxOverTime', maxOverTime(), [2, 4, 3], [2, 3], [], { mask }),
  row('encoderBlock', encoderBlock({ size: 4, heads: 2, causal: true }), [2, 4, 4], [2, 4, 4], block),
  row(
    'encoderBlock, gated',
    encoderBlock({ size: 4, heads: 2, gated: true, useBias: false, activation: silu, normLayer: rmsNorm({ features: 4 }), rotary: true }),
    [2, 4, 4],
    [2, 4, 4],
    [...block.filter((path) => !path.endsWith('bias')), 'gate.kernel'],
  ),
  row('encoderBlock, post', encoderBlock({ size: 4, heads: 2, norm: 'post', hidden: 6, dropout: 0.1 }), [2, 4, 4], [2, 4, 4], block, {
    ...training,
    mask,
  }),
  row(
    'decoderBlock',
    statelessLayer({
      name: 'decoder',
      init: decoder.init,
      apply: (params, x: Tensor) => decoder.apply(params, { x, memory: like(x, memory) }),
    }),
    [2, 3, 4],
    [2, 3, 4],
    [...block, ...attention('cross.'), ...scaleAndBias('crossNorm.')],
  ),
  row('learnedPositions', learnedPositions({ length: 6, size: 3 }), [2, 4, 3], [2, 4, 3], ['table']),
  row('sinusoidalPositions', sinusoidalPositions({ size: 3 }), [2, 4, 3], [2, 4, 3]),
  row('embedding', embedding({ count: 5, size: 3, paddingId: 0 }), symbols, [2, 4, 3], ['table']),
  row(
    'withPaddingMask',
    withPaddingMask(sequential({ words: embedding({ count: 5, size: 3 }), pool: attentionPooling({ size: 3 }) })),
    symbols,
    [2, 3],
    [...kernelAndBias('pool.'), 'words.table'],
  ),
]

const others: LayerRow[] = [
  row('dense', dense({ in: 3, out: 2 }), [4, 3], [4, 2], kernelAndBias()),
  row('dense over a sequence, without bias', dense({ in: 3, out: 2, useBias: false }), [2, 4, 3], [2, 4, 2], ['kernel']),
  row('flatten', flatten(), [2, 3, 4], [2, 12]),
  row('lambda', lambda(tanh), [2, 3], [2, 3]),
  row('dropout', dropout({ rate: 0.5 }), [4, 3], [4, 3], [], training),
  row('spatialDropout', spatialDropout({ rate: 0.5 }), [4, 3, 2], [4, 3, 2], [], training),
  row('gaussianNoise', gaussianNoise({ stddev: 0.5 }), [4, 3], [4, 3], [], training),
  row('gaussianDropout', gaussianDropout({ rate: 0.5 }), [4, 3], [4, 3], [], training),
  row('residual', residual(dense({ in: 3, out: 3 })), [4, 3], [4, 3], kernelAndBias('inner.')),
  row(
    'residual with shortcut',
    residual(conv2d({ in: 2, out: 3, kernel: 3, padding: 'same' }), conv2d({ in: 2, out: 3, kernel: 1 })),
    [1, 2, 3, 3],
    [1, 3, 3, 3],
    [...kernelAndBias('inner.'), ...kernelAndBias('shortcut.')],
  ),
  row(
    'sequential',
    sequential({ hidden: dense({ in: 3, out: 4 }), norm: batchNorm({ features: 4 }), relu, out: dense({ in: 4, out: 2 }) }),
    [5, 3],
    [5, 2],
    [...kernelAndBias('hidden.'), ...scaleAndBias('norm.'), ...kernelAndBias('out.')],
    training,
  ),
]

/** Every layer, with the laws' inputs. */
export const layerTable: readonly LayerRow[] = [...others, ...convolutions, ...norms, ...sequences]
