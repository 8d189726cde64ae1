import * as nn from '@grad-ts/nn'
import * as t from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { aliases, functions } from './arguments.ts'
import type { Arguments, Handler } from './arguments.ts'

const input = (a: Arguments): Tensor => a.tensor('input')

const simple =
  (fn: (x: Tensor) => Tensor): Handler =>
  (a) =>
    fn(input(a))

/** The channel axis broadcast over the others: the second, or the only one. */
const perChannel = (weight: Tensor, x: Tensor): Tensor =>
  t.sizeOf(weight.shape) === 1
    ? t.reshape(weight, [])
    : t.reshape(weight, [-1, ...Array.from({ length: Math.max(0, x.shape.length - 2) }, () => 1)])

const softplus: Handler = (a) => {
  const [x, beta, threshold] = [t.mul(input(a), a.number('beta')), a.number('beta'), a.number('threshold')]
  return t.where(t.less(threshold, x), input(a), t.div(t.softplus(x), beta))
}

const gated: Handler = (a) => {
  const [x, axis] = [input(a), a.number('dim')]
  const half = (x.shape.at(axis) as number) / 2
  const [value, gate] = t.split(x, [half, half], axis) as [Tensor, Tensor]
  return t.mul(value, t.sigmoid(gate))
}

/** Without an axis torch picks one by the rank. */
const axisOf = (a: Arguments): number => {
  if (a.has('dim')) return a.number('dim')
  return [0, 1, 3].includes(input(a).shape.length) ? 0 : 1
}

const elu = (x: Tensor, alpha: number, scale: number, inputScale: number): Tensor => {
  const negative = t.lessEqual(x, 0)
  return t.mul(t.where(negative, t.mul(t.expm1(t.mul(t.where(negative, x, 0), inputScale)), alpha), x), scale)
}

/** PyTorch's gradient multiplies by a sixth in float32, whatever the dtype. */
const hardSigmoid = (x: Tensor): Tensor => {
  const sloped = t.mul(t.clamp(t.add(x, 3), 0, 6), Math.fround(1 / 6))
  return t.add(t.stopGradient(nn.hardSigmoid(x)), t.sub(sloped, t.stopGradient(sloped)))
}

/** Clamped, with no gradient at the bounds themselves. */
const between = (x: Tensor, low: number, high: number): Tensor => t.where(t.lessEqual(x, low), low, t.where(t.lessEqual(high, x), high, x))

const leaky = (x: Tensor, slope: t.Operand): Tensor => t.where(t.less(0, x), x, t.mul(x, slope))

const bent: Handler = (a) => t.where(t.less(a.number('threshold'), input(a)), input(a), a.number('value'))

const base = functions({
  'celu(input, alpha=1, inplace=False)': (a) => elu(input(a), a.number('alpha'), 1, 1 / a.number('alpha')),
  'elu(input, alpha=1, inplace=False)': (a) => elu(input(a), a.number('alpha'), 1, 1),
  "gelu(input, *, approximate='none')": (a) => nn.gelu(input(a), { approximate: a.text('approximate') === 'tanh' }),
  'glu(input, dim=-1)': gated,
  'hardshrink(input, lambd=0.5)': (a) => nn.hardShrink(input(a), a.number('lambd')),
  'hardsigmoid(input, inplace=False)': simple(hardSigmoid),
  'hardswish(input, inplace=False)': simple(nn.hardSilu),
  'hardtanh(input, min_val=-1, max_val=1, inplace=False)': (a) => between(input(a), a.number('min_val'), a.number('max_val')),
  'leaky_relu(input, negative_slope=0.01, inplace=False)': (a) => leaky(input(a), a.number('negative_slope')),
  'log_softmax(input, dim=None, *, dtype=None)': (a) => t.logSoftmax(input(a), axisOf(a)),
  'logsigmoid(input)': simple(nn.logSigmoid),
  'mish(input, inplace=False)': simple(nn.mish),
  'prelu(input, weight)': (a) => leaky(input(a), perChannel(a.tensor('weight'), input(a))),
  'relu6(input, inplace=False)': simple((x) => between(x, 0, 6)),
  'rrelu(input, lower=0.125, upper=0.3333333333333333, training=False, inplace=False)': (a) =>
    leaky(input(a), (a.number('lower') + a.number('upper')) / 2),
  'selu(input, inplace=False)': (a) => elu(input(a), 1.6732632423543772, 1.0507009873554805, 1),
  'silu(input, inplace=False)': simple(nn.silu),
  'softmax(input, dim=None, *, dtype=None)': (a) => t.softmax(input(a), axisOf(a)),
  'softmin(input, dim=None, *, dtype=None)': (a) => t.softmax(t.neg(input(a)), axisOf(a)),
  'softplus(input, beta=1, threshold=20)': softplus,
  'softshrink(input, lambd=0.5)': (a) => nn.softShrink(input(a), a.number('lambd')),
  'softsign(input)': simple(nn.softsign),
  'tanhshrink(input)': simple(nn.tanhShrink),
  'threshold(input, threshold, value, inplace=False)': bent,
  'dropout(input, p=0.5, training=True, inplace=False)': (a) => {
    if (a.flag('training') && a.number('p') > 0) throw new TypeError('dropout: random numbers cannot be compared')
    return input(a)
  },
})

export const activations = new Map([
  ...base,
  ...aliases(base, { dropout: 'dropout1d dropout2d dropout3d alpha_dropout feature_dropout feature_alpha_dropout' }),
])
