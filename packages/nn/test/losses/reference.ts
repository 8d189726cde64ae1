import * as nn from '@grad-ts/nn'
import type { Tensor } from '@grad-ts/tensor'

/** How inputs of a loss are drawn. */
export type Kind = 'real' | 'probability' | 'positive' | 'sign' | 'bit' | 'distribution' | 'class'

/** A loss over rows `[batch, size]` beside a plain formula for the values of one row. */
export interface LossRow {
  readonly name: string
  readonly first: Kind
  readonly second: Kind
  readonly loss: (first: Tensor, second: Tensor) => Tensor
  /** One value per element, or one in all for losses that give one per row. `second` is `[class]` for class numbers. */
  readonly reference: (first: readonly number[], second: readonly number[]) => readonly number[]
}

const none = { reduction: 'none' } as const
const zip = (of: (a: number, b: number) => number) => (first: readonly number[], second: readonly number[]) =>
  first.map((a, i) => of(a, second[i] as number))
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
const mean = (values: readonly number[]): number => total(values) / values.length
const averaged = (of: (a: number, b: number) => number) => (first: readonly number[], second: readonly number[]) => [
  mean(zip(of)(first, second)),
]
const added = (of: (a: number, b: number) => number) => (first: readonly number[], second: readonly number[]) => [
  total(zip(of)(first, second)),
]
const logSumExp = (x: readonly number[]): number => Math.max(...x) + Math.log(total(x.map((value) => Math.exp(value - Math.max(...x)))))
const softmax = (x: readonly number[]): number[] => x.map((value) => Math.exp(value - logSumExp(x)))
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
const crossEntropy = (x: readonly number[], t: readonly number[]): number =>
  total(x.map((value, i) => (t[i] as number) * (logSumExp(x) - value)))
const cosine = (p: readonly number[], t: readonly number[]): number => {
  const lengths = Math.hypot(...p) * Math.hypot(...t)
  return lengths === 0 ? 0 : total(zip((a, b) => a * b)(p, t)) / lengths
}
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
const at = (x: readonly number[], i: number): number => x[i] as number
const others = (x: readonly number[], label: number): number[] => x.filter((_, i) => i !== label)

const row = (name: string, [first, second]: readonly [Kind, Kind], loss: LossRow['loss'], reference: LossRow['reference']): LossRow => ({
  name,
  first,
  second,
  loss,
  reference,
})

const regression: LossRow[] = [
  row(
    'squaredError',
    ['real', 'real'],
    (p, t) => nn.squaredError(p, t, none),
    zip((p, t) => (p - t) ** 2),
  ),
  row(
    'l2Loss',
    ['real', 'real'],
    (p, t) => nn.l2Loss(p, t, none),
    zip((p, t) => (p - t) ** 2 / 2),
  ),
  row(
    'absoluteError',
    ['real', 'real'],
    (p, t) => nn.absoluteError(p, t, none),
    zip((p, t) => Math.abs(p - t)),
  ),
  row(
    'meanSquaredError',
    ['real', 'real'],
    (p, t) => nn.meanSquaredError(p, t, none),
    averaged((p, t) => (p - t) ** 2),
  ),
  row(
    'meanAbsoluteError',
    ['real', 'real'],
    (p, t) => nn.meanAbsoluteError(p, t, none),
    averaged((p, t) => Math.abs(p - t)),
  ),
  row(
    'meanAbsolutePercentageError',
    ['real', 'positive'],
    (p, t) => nn.meanAbsolutePercentageError(p, t, none),
    averaged((p, t) => (100 * Math.abs(p - t)) / Math.max(Math.abs(t), 1e-7)),
  ),
  row(
    'meanSquaredLogarithmicError',
    ['real', 'positive'],
    (p, t) => nn.meanSquaredLogarithmicError(p, t, none),
    averaged((p, t) => (Math.log1p(Math.max(p, 0)) - Math.log1p(t)) ** 2),
  ),
  row(
    'huberLoss',
    ['real', 'real'],
    (p, t) => nn.huberLoss(p, t, { ...none, delta: 0.7 }),
    zip((p, t) => (Math.abs(p - t) <= 0.7 ? (p - t) ** 2 / 2 : 0.7 * (Math.abs(p - t) - 0.35))),
  ),
  row(
    'smoothL1Loss',
    ['real', 'real'],
    (p, t) => nn.smoothL1Loss(p, t, { ...none, beta: 0.5 }),
    zip((p, t) => (Math.abs(p - t) < 0.5 ? (p - t) ** 2 : Math.abs(p - t) - 0.25)),
  ),
  row(
    'logCosh',
    ['real', 'real'],
    (p, t) => nn.logCosh(p, t, none),
    zip((p, t) => Math.log(Math.cosh(p - t))),
  ),
  row(
    'quantileLoss',
    ['real', 'real'],
    (p, t) => nn.quantileLoss(p, t, { ...none, quantile: 0.2 }),
    zip((p, t) => Math.max(0.2 * (t - p), -0.8 * (t - p))),
  ),
  row(
    'epsilonInsensitiveLoss',
    ['real', 'real'],
    (p, t) => nn.epsilonInsensitiveLoss(p, t, { ...none, epsilon: 0.3 }),
    zip((p, t) => Math.max(0, Math.abs(p - t) - 0.3)),
  ),
  row(
    'poissonLoss',
    ['positive', 'positive'],
    (p, t) => nn.poissonLoss(p, t, none),
    zip((p, t) => p - t * Math.log(p + 1e-7)),
  ),
  row(
    'poissonNegativeLogLikelihood',
    ['real', 'positive'],
    (p, t) => nn.poissonNegativeLogLikelihood(p, t, { ...none, full: true }),
    zip((p, t) => Math.exp(p) - t * p + (t > 1 ? t * Math.log(t) - t + Math.log(2 * Math.PI * t) / 2 : 0)),
  ),
  row(
    'gaussianNegativeLogLikelihood',
    ['real', 'positive'],
    (p, t) => nn.gaussianNegativeLogLikelihood(p, t, t, { ...none, full: true }),
    zip((p, t) => (Math.log(t) + (p - t) ** 2 / t + Math.log(2 * Math.PI)) / 2),
  ),
  row(
    'cosineSimilarity',
    ['real', 'real'],
    (p, t) => nn.cosineSimilarity(p, t, none),
    (p, t) => [cosine(p, t)],
  ),
  row(
    'cosineDistance',
    ['real', 'real'],
    (p, t) => nn.cosineDistance(p, t, none),
    (p, t) => [1 - cosine(p, t)],
  ),
]

const binary: LossRow[] = [
  row(
    'binaryCrossEntropy',
    ['probability', 'probability'],
    (p, t) => nn.binaryCrossEntropy(p, t, none),
    averaged((p, t) => -t * Math.log(p) - (1 - t) * Math.log(1 - p)),
  ),
  row(
    'sigmoidBinaryCrossEntropy',
    ['real', 'probability'],
    (x, t) => nn.sigmoidBinaryCrossEntropy(x, t, { ...none, positiveWeight: 3 }),
    zip((x, t) => 3 * t * softplus(-x) + (1 - t) * softplus(x)),
  ),
  row(
    'multilabelSoftMarginLoss',
    ['real', 'bit'],
    (x, t) => nn.multilabelSoftMarginLoss(x, t, none),
    averaged((x, t) => t * softplus(-x) + (1 - t) * softplus(x)),
  ),
  row(
    'sigmoidFocalLoss',
    ['real', 'bit'],
    (x, t) => nn.sigmoidFocalLoss(x, t, { ...none, alpha: 0.3, gamma: 1.5 }),
    zip((x, t) => (t === 1 ? 0.3 * (1 - sigmoid(x)) ** 1.5 * softplus(-x) : 0.7 * sigmoid(x) ** 1.5 * softplus(x))),
  ),
  row(
    'hingeLoss',
    ['real', 'sign'],
    (x, t) => nn.hingeLoss(x, t, none),
    zip((x, t) => Math.max(0, 1 - x * t)),
  ),
  row(
    'squaredHingeLoss',
    ['real', 'sign'],
    (x, t) => nn.squaredHingeLoss(x, t, none),
    zip((x, t) => Math.max(0, 1 - x * t) ** 2),
  ),
  row(
    'perceptronLoss',
    ['real', 'sign'],
    (x, t) => nn.perceptronLoss(x, t, none),
    zip((x, t) => Math.max(0, -x * t)),
  ),
  row(
    'softMarginLoss',
    ['real', 'sign'],
    (x, t) => nn.softMarginLoss(x, t, none),
    zip((x, t) => Math.log(1 + Math.exp(-x * t))),
  ),
  row(
    'hingeEmbeddingLoss',
    ['positive', 'sign'],
    (x, t) => nn.hingeEmbeddingLoss(x, t, none),
    zip((x, t) => (t === 1 ? x : Math.max(0, 1 - x))),
  ),
  row(
    'contrastiveLoss',
    ['positive', 'bit'],
    (x, t) => nn.contrastiveLoss(x, t, none),
    zip((x, t) => (t === 1 ? x ** 2 : Math.max(0, 1 - x) ** 2)),
  ),
  row(
    'sparsemaxLoss',
    ['real', 'bit'],
    (x, t) => nn.sparsemaxLoss(x, t, none),
    zip((x, t) => {
      const s = t === 1 ? -x : x
      return s <= -1 ? 0 : s >= 1 ? s : (s + 1) ** 2 / 4
    }),
  ),
]

const classes: LossRow[] = [
  row(
    'softmaxCrossEntropy',
    ['real', 'distribution'],
    (x, t) => nn.softmaxCrossEntropy(x, t, none),
    (x, t) => [crossEntropy(x, t)],
  ),
  row(
    'softmaxCrossEntropy, smoothed',
    ['real', 'distribution'],
    (x, t) => nn.softmaxCrossEntropy(x, t, { ...none, labelSmoothing: 0.2 }),
    (x, t) => [
      crossEntropy(
        x,
        t.map((value) => 0.8 * value + 0.2 / t.length),
      ),
    ],
  ),
  row(
    'categoricalCrossEntropy',
    ['distribution', 'distribution'],
    (p, t) => nn.categoricalCrossEntropy(p, t, none),
    added((p, t) => -t * Math.log(Math.min(Math.max(p, 1e-7), 1 - 1e-7))),
  ),
  row(
    'softmaxCrossEntropyWithIntegerLabels',
    ['real', 'class'],
    (x, y) => nn.softmaxCrossEntropyWithIntegerLabels(x, y, none),
    (x, [y]) => [logSumExp(x) - at(x, y as number)],
  ),
  row(
    'softmaxCrossEntropyWithIntegerLabels, smoothed',
    ['real', 'class'],
    (x, y) => nn.softmaxCrossEntropyWithIntegerLabels(x, y, { ...none, labelSmoothing: 0.1 }),
    (x, [y]) => [logSumExp(x) - 0.9 * at(x, y as number) - 0.1 * mean(x)],
  ),
  row(
    'negativeLogLikelihood',
    ['real', 'class'],
    (x, y) => nn.negativeLogLikelihood(x, y, none),
    (x, [y]) => [-at(x, y as number)],
  ),
  row(
    'polyLossCrossEntropy',
    ['real', 'distribution'],
    (x, t) => nn.polyLossCrossEntropy(x, t, { ...none, epsilon: -1 }),
    (x, t) => [crossEntropy(x, t) - total(softmax(x).map((p, i) => at(t, i) * (1 - p)))],
  ),
  row(
    'softmaxFocalLoss',
    ['real', 'distribution'],
    (x, t) => nn.softmaxFocalLoss(x, t, { ...none, gamma: 1.5 }),
    (x, t) => [total(softmax(x).map((p, i) => -at(t, i) * (1 - p) ** 1.5 * Math.log(p)))],
  ),
  row(
    'multiclassHingeLoss',
    ['real', 'class'],
    (x, y) => nn.multiclassHingeLoss(x, y, none),
    (x, [y]) => [Math.max(0, 1 + Math.max(...others(x, y as number)) - at(x, y as number))],
  ),
  row(
    'multiclassPerceptronLoss',
    ['real', 'class'],
    (x, y) => nn.multiclassPerceptronLoss(x, y, none),
    (x, [y]) => [Math.max(...x) - at(x, y as number)],
  ),
  row(
    'multiMarginLoss',
    ['real', 'class'],
    (x, y) => nn.multiMarginLoss(x, y, { ...none, p: 2, margin: 0.5 }),
    (x, [y]) => [total(others(x, y as number).map((s) => Math.max(0, 0.5 - at(x, y as number) + s) ** 2)) / x.length],
  ),
  row(
    'multiclassSparsemaxLoss',
    ['real', 'class'],
    (x, y) => nn.multiclassSparsemaxLoss(x, y, none),
    (x, [y]) => {
      const sorted = x.toSorted((a, b) => b - a)
      const size = sorted.filter((value, i) => 1 + (i + 1) * value > total(sorted.slice(0, i + 1))).length
      const threshold = (total(sorted.slice(0, size)) - 1) / size
      return [total(sorted.slice(0, size).map((value) => value ** 2 - threshold ** 2)) / 2 + 0.5 - at(x, y as number)]
    },
  ),
  row(
    'rankingSoftmaxLoss',
    ['real', 'positive'],
    (x, t) => nn.rankingSoftmaxLoss(x, t, none),
    (x, t) => [crossEntropy(x, t)],
  ),
  row(
    'klDivergence',
    ['real', 'distribution'],
    (x, t) => nn.klDivergence(nn.logSoftmax(x), t, none),
    (x, t) => [total(t.map((value, i) => value * (Math.log(value) - at(x, i) + logSumExp(x))))],
  ),
  row(
    'klDivergenceWithLogTargets',
    ['real', 'real'],
    (x, t) => nn.klDivergenceWithLogTargets(x, t, none),
    (x, t) => [total(t.map((value, i) => Math.exp(value) * (value - at(x, i))))],
  ),
  row(
    'generalizedKlDivergence',
    ['real', 'positive'],
    (x, t) => nn.generalizedKlDivergence(x, t, none),
    (x, t) => [total(t.map((value, i) => value * (Math.log(value) - at(x, i)) - value + Math.exp(at(x, i))))],
  ),
]

/** Losses with their closed forms. */
export const lossRows: readonly LossRow[] = [...regression, ...binary, ...classes]
