import * as nn from '@grad-ts/nn'
import * as t from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { functions } from './arguments.ts'
import type { Arguments, Handler } from './arguments.ts'
import type { Callable } from '../python/values.ts'
import { Box } from '../python/values.ts'
import { vectorNorm } from './reduce.ts'

const tail = "size_average=None, reduce=None, reduction='mean'"

const reduced = (a: Arguments, values: Tensor): Tensor => {
  const mode = a.text('reduction')
  if (mode === 'batchmean') return t.div(t.sum(values), values.shape[0] as number)
  return mode === 'none' ? values : mode === 'sum' ? t.sum(values) : t.mean(values)
}

const elementwise =
  (fn: (x: Tensor, y: Tensor, a: Arguments) => Tensor): Handler =>
  (a) => {
    const [x, y] = a.floats('input', 'target') as [Tensor, Tensor]
    const weight = a.maybe('weight')
    const values = fn(x, y, a)
    return reduced(a, weight === undefined ? values : t.mul(values, weight))
  }

/** Weights also divide the mean. */
const weightedMean =
  (fn: (x: Tensor, y: Tensor, a: Arguments) => Tensor): Handler =>
  (a) => {
    const weight = a.maybe('weight')
    if (weight === undefined || a.text('reduction') !== 'mean') return elementwise(fn)(a)
    const values = t.mul(fn(...(a.floats('input', 'target') as [Tensor, Tensor]), a), weight)
    return t.div(t.sum(values), t.sum(weight))
  }

const distance = (x: Tensor, y: Tensor): Tensor => t.abs(t.sub(x, y))

const huber = (x: Tensor, y: Tensor, delta: number): Tensor => {
  const d = distance(x, y)
  return t.where(t.less(d, delta), t.mul(t.square(d), 0.5), t.mul(t.sub(d, delta / 2), delta))
}

const smooth = (x: Tensor, y: Tensor, beta: number): Tensor => (beta === 0 ? distance(x, y) : t.div(huber(x, y, beta), beta))

/** Cross entropy needs the classes last. */
const classesLast = (x: Tensor): Tensor => (x.shape.length <= 2 ? x : t.transpose(x, [0, ...[...x.shape.keys()].slice(2), 1]))

const classAxis = (x: Tensor): number => (x.shape.length === 1 ? 0 : 1)

/** −Σ weight·log-probability at the target over the positions that count. */
const negativeLogLikelihood = (a: Arguments, logs: Tensor): Tensor => {
  const target = a.tensor('target')
  const rows = classesLast(logs)
  const classes = rows.shape.at(-1) as number
  const kept = t.notEqual(target, a.number('ignore_index'))
  const index = t.where(kept, target, 0)
  const weight = a.maybe('weight') ?? t.ones([classes], logs.dtype)
  const each = t.mul(t.gather(weight, index), t.cast(kept, logs.dtype))
  const values = t.neg(t.mul(each, t.squeeze(t.takeAlongAxis(rows, t.expandDims(index, -1), -1), -1)))
  const mode = a.text('reduction')
  return mode === 'none' ? values : mode === 'sum' ? t.sum(values) : t.div(t.sum(values), t.sum(each))
}

const smoothedEntropy = (a: Arguments, logs: Tensor, smoothing: number): Tensor => {
  const target = a.tensor('target')
  const rows = classesLast(logs)
  const classes = rows.shape.at(-1) as number
  const kept = t.cast(t.notEqual(target, a.number('ignore_index')), logs.dtype)
  const weight = a.maybe('weight') ?? t.ones([classes], logs.dtype)
  const uniform = t.mul(t.neg(t.sum(t.mul(rows, weight), { axes: -1 })), kept)
  const mode = a.text('reduction')
  const each = t.mul(t.gather(weight, t.where(t.notEqual(target, a.number('ignore_index')), target, 0)), kept)
  const flat = mode === 'none' ? uniform : mode === 'sum' ? t.sum(uniform) : t.div(t.sum(uniform), t.sum(each))
  return t.add(t.mul(negativeLogLikelihood(a, logs), 1 - smoothing), t.mul(flat, smoothing / classes))
}

const probabilityEntropy = (a: Arguments, logs: Tensor, smoothing: number): Tensor => {
  const axis = classAxis(logs)
  const classes = logs.shape[axis] as number
  const target = t.add(t.mul(a.tensor('target'), 1 - smoothing), smoothing / classes)
  const weight = a.maybe('weight')
  const shaped =
    weight === undefined
      ? logs
      : t.mul(
          logs,
          t.reshape(
            weight,
            logs.shape.map((length, i) => (i === axis ? length : 1)),
          ),
        )
  const values = t.neg(t.sum(t.mul(shaped, target), { axes: axis }))
  const mode = a.text('reduction')
  if (mode === 'none') return values
  return mode === 'sum' ? t.sum(values) : t.div(t.sum(values), logs.shape.length === 1 ? 1 : t.sizeOf(values.shape))
}

const crossEntropy: Handler = (a) => {
  const x = a.tensor('input')
  const smoothing = a.number('label_smoothing')
  const logs = t.logSoftmax(x, classAxis(x))
  if (t.isFloat(a.tensor('target').dtype)) return probabilityEntropy(a, logs, smoothing)
  return smoothing === 0 ? negativeLogLikelihood(a, logs) : smoothedEntropy(a, logs, smoothing)
}

const binaryEntropy: Handler = elementwise((p, y) => {
  const [yes, no] = [t.maximum(t.log(p), -100), t.maximum(t.log1p(t.neg(p)), -100)]
  return t.neg(t.add(t.mul(y, yes), t.mul(t.sub(1, y), no)))
})

const binaryEntropyWithLogits: Handler = elementwise((x, y, a) => {
  const positive = a.maybe('pos_weight')
  const factor = positive === undefined ? 1 : t.add(t.mul(t.sub(positive, 1), y), 1)
  return t.add(t.mul(t.sub(1, y), x), t.mul(t.softplus(t.neg(x)), factor))
})

const divergence: Handler = (a) => {
  const [x, y] = a.floats('input', 'target') as [Tensor, Tensor]
  const values = a.flag('log_target') ? t.mul(t.exp(y), t.sub(y, x)) : t.sub(t.xLogY(y, y), t.mul(y, x))
  return reduced(a, values)
}

const poisson: Handler = (a) => {
  const [x, y] = a.floats('input', 'target') as [Tensor, Tensor]
  const values = a.flag('log_input') ? t.sub(t.exp(x), t.mul(y, x)) : t.sub(x, t.mul(y, t.log(t.add(x, a.number('eps')))))
  if (!a.flag('full')) return reduced(a, values)
  const large = t.less(1, y)
  const safe = t.where(large, y, 2)
  const stirling = t.add(t.sub(t.mul(safe, t.log(safe)), safe), t.mul(t.log(t.mul(safe, 2 * Math.PI)), 0.5))
  return reduced(a, t.add(values, t.where(large, stirling, 0)))
}

const gaussian: Handler = (a) => {
  const [x, y, spread] = a.floats('input', 'target', 'var') as [Tensor, Tensor, Tensor]
  const wide = spread.shape.length < x.shape.length ? t.expandDims(spread, -1) : spread
  const variance = t.add(t.stopGradient(t.sub(t.maximum(wide, a.number('eps')), wide)), wide)
  const values = t.mul(t.add(t.log(variance), t.div(t.square(t.sub(x, y)), variance)), 0.5)
  return reduced(a, a.flag('full') ? t.add(values, 0.5 * Math.log(2 * Math.PI)) : values)
}

const hingeEmbedding: Handler = (a) => {
  const [x, y] = a.floats('input', 'target') as [Tensor, Tensor]
  const far = t.where(t.equal(y, 1), 0, t.relu(t.sub(a.number('margin'), x)))
  return reduced(a, t.add(far, t.where(t.equal(y, -1), 0, x)))
}

const cosine = (x: Tensor, y: Tensor, axis: number, eps: number): Tensor => {
  const size = (z: Tensor): Tensor => t.maximum(vectorNorm(z, 2, { axes: axis, keepDims: true }), eps)
  return t.sum(t.mul(t.div(x, size(x)), t.div(y, size(y))), { axes: axis })
}

const cosineEmbedding: Handler = (a) => {
  const [x, y] = [a.tensor('input1'), a.tensor('input2')]
  const target = t.cast(a.tensor('target'), x.dtype)
  const dot = (u: Tensor, v: Tensor): Tensor => t.sum(t.mul(u, v), { axes: -1 })
  const angle = t.div(dot(x, y), t.sqrt(t.mul(t.add(dot(x, x), 1e-12), t.add(dot(y, y), 1e-12))))
  return reduced(a, t.where(t.equal(target, 1), t.sub(1, angle), t.relu(t.sub(angle, a.number('margin')))))
}

const between = (x: Tensor, y: Tensor, p: number, eps: number, keepDims = false): Tensor =>
  vectorNorm(t.add(t.sub(x, y), eps), p, { axes: -1, keepDims })

const triplet = (a: Arguments, apart: (x: Tensor, y: Tensor) => Tensor): Tensor => {
  const [anchor, positive, negative] = [a.tensor('anchor'), a.tensor('positive'), a.tensor('negative')]
  const far = apart(anchor, negative)
  const distant = a.flag('swap') ? t.minimum(far, apart(positive, negative)) : far
  return reduced(a, t.relu(t.add(t.sub(apart(anchor, positive), distant), a.number('margin'))))
}

const multiMargin: Handler = (a) => {
  const x = a.tensor('input').shape.length === 1 ? t.expandDims(a.tensor('input'), 0) : a.tensor('input')
  const target = t.reshape(a.tensor('target'), [-1])
  const classes = x.shape[1] as number
  const own = t.oneHot(target, classes, x.dtype)
  const right = t.takeAlongAxis(x, t.expandDims(target, 1), 1)
  const gap = t.relu(t.add(t.sub(x, right), a.number('margin')))
  const powered = a.number('p') === 1 ? gap : t.pow(gap, a.number('p'))
  const weight = a.maybe('weight')
  const weighted = weight === undefined ? powered : t.mul(powered, t.expandDims(t.gather(weight, target), 1))
  return reduced(a, t.div(t.sum(t.mul(weighted, t.sub(1, own)), { axes: 1 }), classes))
}

/** Targets are listed up to the first −1. */
const multilabelMargin: Handler = (a) => {
  const flat = a.tensor('input').shape.length === 1
  const x = flat ? t.expandDims(a.tensor('input'), 0) : a.tensor('input')
  const labels = flat ? t.expandDims(a.tensor('target'), 0) : a.tensor('target')
  const classes = x.shape[1] as number
  const valid = t.equal(t.cumsum(t.cast(t.less(labels, 0), 'int32'), { axis: 1 }), 0)
  const index = t.where(valid, labels, 0)
  const listed = t.mul(t.oneHot(index, classes, x.dtype), t.cast(t.expandDims(valid, 2), x.dtype))
  const isTarget = t.less(0, t.sum(listed, { axes: 1 }))
  const own = t.takeAlongAxis(x, index, 1)
  const gap = t.relu(t.add(t.sub(1, t.expandDims(own, 2)), t.expandDims(x, 1)))
  const counted = t.and(t.expandDims(valid, 2), t.expandDims(t.not(isTarget), 1))
  const values = t.div(t.sum(t.where(counted, gap, 0), { axes: [1, 2] }), classes)
  return reduced(a, flat ? t.squeeze(values, 0) : values)
}

const multilabelSoft: Handler = (a) => {
  const [x, y] = a.floats('input', 'target') as [Tensor, Tensor]
  const values = t.neg(t.add(t.mul(y, nn.logSigmoid(x)), t.mul(t.sub(1, y), nn.logSigmoid(t.neg(x)))))
  const weight = a.maybe('weight')
  return reduced(a, t.mean(weight === undefined ? values : t.mul(values, weight), { axes: -1 }))
}

/** Log-probabilities `[time, batch, classes]`; ours wants logits with the batch first. */
const ctc: Handler = (a) => {
  const logs = a.tensor('log_probs').shape.length === 2 ? t.expandDims(a.tensor('log_probs'), 1) : a.tensor('log_probs')
  const time = logs.shape[0] as number
  const lengths = a.numbers('target_lengths')
  const widest = Math.max(...lengths)
  const given = a.known(a.tensor('targets'))
  const flat = Array.from(given.attributes.data)
  const packed = given.shape.length === 1
  let start = 0
  const rows = lengths.map((length, i) => {
    const row = packed
      ? flat.slice(start, start + length)
      : flat.slice(i * (given.shape[1] as number), i * (given.shape[1] as number) + length)
    start += length
    return [...row, ...Array.from({ length: widest - length }, () => 0)]
  })
  const late = (count: number, limits: readonly number[]): Tensor =>
    t.tensor(
      limits.map((limit) => Array.from({ length: count }, (_, i) => Number(i >= limit))),
      { dtype: logs.dtype },
    )
  const values = nn.ctcLoss(
    t.swapAxes(logs, 0, 1),
    late(time, a.numbers('input_lengths')),
    t.tensor(rows, { dtype: 'int32' }),
    late(widest, lengths),
    {
      blankId: a.number('blank'),
      reduction: 'none',
    },
  )
  const mode = a.text('reduction')
  if (mode === 'none') return a.tensor('log_probs').shape.length === 2 ? t.squeeze(values, 0) : values
  return mode === 'sum'
    ? t.sum(values)
    : t.mean(
        t.div(
          values,
          t.tensor(
            lengths.map((length) => Math.max(length, 1)),
            { dtype: logs.dtype },
          ),
        ),
      )
}

/** Functions that measure errors. */
export const losses = functions({
  [`binary_cross_entropy(input, target, weight=None, ${tail})`]: binaryEntropy,
  [`binary_cross_entropy_with_logits(input, target, weight=None, ${tail}, pos_weight=None)`]: binaryEntropyWithLogits,
  [`cosine_embedding_loss(input1, input2, target, margin=0, ${tail})`]: cosineEmbedding,
  'cosine_similarity(input, other, dim=1, eps=1e-8)': (a) => cosine(a.tensor('input'), a.tensor('other'), a.number('dim'), a.number('eps')),
  [`cross_entropy(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean', label_smoothing=0)`]:
    crossEntropy,
  "ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction='mean', zero_infinity=False)": ctc,
  "gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction='mean')": gaussian,
  [`hinge_embedding_loss(input, target, margin=1, ${tail})`]: hingeEmbedding,
  "huber_loss(input, target, reduction='mean', delta=1, weight=None)": weightedMean((x, y, a) => huber(x, y, a.number('delta'))),
  [`kl_div(input, target, ${tail}, log_target=False)`]: divergence,
  [`l1_loss(input, target, ${tail}, weight=None)`]: weightedMean(distance),
  [`margin_ranking_loss(input1, input2, target, margin=0, ${tail})`]: (a) =>
    reduced(
      a,
      t.relu(
        t.add(
          t.mul(t.neg(t.cast(a.tensor('target'), a.tensor('input1').dtype)), t.sub(a.tensor('input1'), a.tensor('input2'))),
          a.number('margin'),
        ),
      ),
    ),
  [`mse_loss(input, target, ${tail}, weight=None)`]: weightedMean((x, y) => t.square(t.sub(x, y))),
  [`multi_margin_loss(input, target, p=1, margin=1, weight=None, ${tail})`]: multiMargin,
  [`multilabel_margin_loss(input, target, ${tail})`]: multilabelMargin,
  [`multilabel_soft_margin_loss(input, target, weight=None, ${tail})`]: multilabelSoft,
  [`nll_loss(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean')`]: (a) =>
    negativeLogLikelihood(a, a.tensor('input')),
  'pairwise_distance(input, other, p=2, eps=1e-6, keepdim=False)': (a) =>
    between(a.tensor('input'), a.tensor('other'), a.number('p'), a.number('eps'), a.flag('keepdim')),
  [`poisson_nll_loss(input, target, log_input=True, full=False, size_average=None, eps=1e-8, reduce=None, reduction='mean')`]: poisson,
  [`smooth_l1_loss(input, target, ${tail}, beta=1)`]: (a) => reduced(a, smooth(a.tensor('input'), a.tensor('target'), a.number('beta'))),
  [`soft_margin_loss(input, target, ${tail})`]: (a) =>
    reduced(a, t.softplus(t.neg(t.mul(...(a.floats('input', 'target') as [Tensor, Tensor]))))),
  [`triplet_margin_loss(anchor, positive, negative, margin=1, p=2, eps=1e-6, swap=False, ${tail})`]: (a) =>
    triplet(a, (x, y) => between(x, y, a.number('p'), a.number('eps'))),
  "triplet_margin_with_distance_loss(anchor, positive, negative, *, distance_function=None, margin=1, swap=False, reduction='mean')": (
    a,
  ) => {
    const given = a.raw('distance_function') as Callable | null
    return triplet(a, (x, y) => (given === null ? between(x, y, 2, 1e-6) : (given([new Box(x), new Box(y)], {}) as Box).value))
  },
})
