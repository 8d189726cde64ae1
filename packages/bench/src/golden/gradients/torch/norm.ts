import * as t from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { Box } from '../python/values.ts'
import { functions } from './arguments.ts'
import type { Arguments, Handler } from './arguments.ts'
import { vectorNorm } from './reduce.ts'

const input = (a: Arguments): Tensor => a.tensor('input')

const standardized = (x: Tensor, axes: readonly number[], eps: number): Tensor => {
  const centered = t.sub(x, t.mean(x, { axes, keepDims: true }))
  return t.div(centered, t.sqrt(t.add(t.mean(t.square(centered), { axes, keepDims: true }), eps)))
}

const scaledBy = (x: Tensor, weight: Tensor | undefined, bias: Tensor | undefined, shape: readonly number[]): Tensor => {
  const scaled = weight === undefined ? x : t.mul(x, t.reshape(weight, shape))
  return bias === undefined ? scaled : t.add(scaled, t.reshape(bias, shape))
}

const channelShape = (x: Tensor): number[] => x.shape.map((length, axis) => (axis === 1 ? length : 1))

/** Moves running statistics a step toward those of the batch, in place. */
const track = (a: Arguments, name: string, batch: Tensor): void => {
  const box = a.raw(name)
  if (!(box instanceof Box)) return
  const momentum = a.number('momentum')
  box.value = t.add(t.mul(box.value, 1 - momentum), t.mul(t.stopGradient(batch), momentum))
}

const batchNorm: Handler = (a) => {
  const x = input(a)
  const shape = channelShape(x)
  const axes = [...x.shape.keys()].filter((axis) => axis !== 1)
  const eps = a.number('eps')
  if (a.flag('training')) {
    track(a, 'running_mean', t.mean(x, { axes }))
    track(a, 'running_var', t.variance(x, { axes, correction: 1 }))
    return scaledBy(standardized(x, axes, eps), a.maybe('weight'), a.maybe('bias'), shape)
  }
  const centered = t.sub(x, t.reshape(a.tensor('running_mean'), shape))
  const scale = t.rsqrt(t.add(t.reshape(a.tensor('running_var'), shape), eps))
  return scaledBy(t.mul(centered, scale), a.maybe('weight'), a.maybe('bias'), shape)
}

const instanceNorm: Handler = (a) => {
  const x = input(a)
  const axes = [...x.shape.keys()].slice(2)
  if (a.flag('use_input_stats')) {
    track(a, 'running_mean', t.mean(t.mean(x, { axes }), { axes: 0 }))
    track(a, 'running_var', t.mean(t.variance(x, { axes, correction: 1 }), { axes: 0 }))
    return scaledBy(standardized(x, axes, a.number('eps')), a.maybe('weight'), a.maybe('bias'), channelShape(x))
  }
  return batchNormEval(a, x)
}

const batchNormEval = (a: Arguments, x: Tensor): Tensor => {
  const shape = channelShape(x)
  const scale = t.rsqrt(t.add(t.reshape(a.tensor('running_var'), shape), a.number('eps')))
  return scaledBy(t.mul(t.sub(x, t.reshape(a.tensor('running_mean'), shape)), scale), a.maybe('weight'), a.maybe('bias'), shape)
}

const lastAxes = (a: Arguments): number[] => {
  const count = a.numbers('normalized_shape').length
  return [...input(a).shape.keys()].slice(input(a).shape.length - count)
}

const layerNorm: Handler = (a) =>
  scaledBy(standardized(input(a), lastAxes(a), a.number('eps')), a.maybe('weight'), a.maybe('bias'), a.numbers('normalized_shape'))

const rmsNorm: Handler = (a) => {
  const x = input(a)
  const eps = a.maybeNumber('eps') ?? (x.dtype === 'float64' ? 2 ** -52 : 2 ** -23)
  const size = t.sqrt(t.add(t.mean(t.square(x), { axes: lastAxes(a), keepDims: true }), eps))
  return scaledBy(t.div(x, size), a.maybe('weight'), undefined, a.numbers('normalized_shape'))
}

const groupNorm: Handler = (a) => {
  const x = input(a)
  const groups = t.reshape(x, [x.shape[0] as number, a.number('num_groups'), -1])
  return scaledBy(t.reshape(standardized(groups, [2], a.number('eps')), x.shape), a.maybe('weight'), a.maybe('bias'), channelShape(x))
}

const localResponse: Handler = (a) => {
  const [x, size] = [input(a), a.number('size')]
  const squares = t.reshape(t.square(x), [x.shape[0] as number, 1, x.shape[1] as number, -1])
  const before = Math.floor(size / 2)
  const wide = t.pad(squares, [
    [0, 0],
    [0, 0],
    [before, size - 1 - before],
    [0, 0],
  ])
  const mean = t.reshape(t.avgPool(wide, [size, 1], { stride: 1 }), x.shape)
  return t.div(x, t.pow(t.add(t.mul(mean, a.number('alpha')), a.number('k')), a.number('beta')))
}

const normalize: Handler = (a) => {
  const size = vectorNorm(input(a), a.number('p'), { axes: a.numbers('dim'), keepDims: true })
  return t.div(input(a), t.maximum(size, a.number('eps')))
}

/** Functions that bring activations to a common scale. */
export const normalizations = functions({
  'batch_norm(input, running_mean=None, running_var=None, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5, cudnn_enabled=True)':
    batchNorm,
  'group_norm(input, num_groups, weight=None, bias=None, eps=1e-5, cudnn_enabled=True)': groupNorm,
  'instance_norm(input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-5)':
    instanceNorm,
  'layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5, cudnn_enable=True)': layerNorm,
  'local_response_norm(input, size, alpha=0.0001, beta=0.75, k=1)': localResponse,
  'normalize(input, p=2, dim=1, eps=1e-12)': normalize,
  'rms_norm(input, normalized_shape, weight=None, eps=None)': rmsNorm,
})

/** The forms in `torch` itself, which order their arguments otherwise. */
export const nativeNormalizations = functions({
  'batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled=True)': batchNorm,
  'instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, cudnn_enabled=True)': instanceNorm,
})
