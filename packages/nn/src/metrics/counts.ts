import { add, argMax, cast, greater, matmul, mean, mul, oneHot, reshape, ShapeError, sub, sum, zeros } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { classesOf } from './accuracy.ts'
import { batchWeights, safeRatio, sumMetric } from './metric.ts'
import type { Metric } from './metric.ts'

/** How many rows were rightly found, wrongly found and missed, for each class `[classes]`. */
export type ClassCounts = { readonly hits: Tensor; readonly falseAlarms: Tensor; readonly misses: Tensor }

/** How the measures of several classes become one: their mean, the measure of the summed counts, weighted by how often each occurs, or not at all. */
export type ClassAverage = 'macro' | 'micro' | 'weighted' | 'none'

export interface ClassMetricOptions {
  /** How many classes; left out for a yes-or-no question, where outputs are one probability each. */
  readonly classes?: number
  /** Above which output the answer is yes, default 0.5; use 0 for logits. */
  readonly threshold?: number
  /** Default macro. */
  readonly average?: ClassAverage
}

/** Rows of 0 and 1 for outputs and targets, `[rows, classes]`. */
const indicators = (
  op: string,
  outputs: Tensor,
  targets: Tensor,
  { classes, threshold = 0.5 }: ClassMetricOptions,
): readonly [Tensor, Tensor] => {
  if (classes === undefined)
    return [reshape(cast(greater(outputs, threshold), 'float32'), [-1, 1]), reshape(cast(targets, 'float32'), [-1, 1])]
  if (outputs.shape.at(-1) !== classes) throw new ShapeError(op, [outputs, targets], `expected outputs of shape [batch, …, ${classes}]`)
  const rows = (labels: Tensor): Tensor => reshape(oneHot(labels, classes), [-1, classes])
  return [rows(argMax(outputs)), rows(classesOf(op, outputs, targets))]
}

/** The weights of a batch repeated for every row of its examples, `[rows, 1]`. */
const rowWeights = (op: string, outputs: Tensor, weights: Tensor | undefined, rows: number): Tensor => {
  const weight = batchWeights(op, outputs, weights)
  const [batch] = weight.shape as [number]
  return reshape(mul(reshape(weight, [batch, 1]), add(zeros([1, rows / batch]), 1)), [rows, 1])
}

const joined = (measure: (counts: ClassCounts) => Tensor, average: ClassAverage, counts: ClassCounts): Tensor => {
  if (average === 'none') return measure(counts)
  if (average === 'macro') return mean(measure(counts))
  if (average === 'micro') return measure({ hits: sum(counts.hits), falseAlarms: sum(counts.falseAlarms), misses: sum(counts.misses) })
  const support = add(counts.hits, counts.misses)
  return safeRatio(sum(mul(measure(counts), support)), sum(support))
}

/** Makes a metric of the counts of every class. */
const classMetric = (name: string, options: ClassMetricOptions, measure: (counts: ClassCounts) => Tensor): Metric<ClassCounts> => {
  const none = zeros([options.classes ?? 1])
  return sumMetric({
    name,
    empty: { hits: none, falseAlarms: none, misses: none },
    contribution: (outputs: Tensor, targets: Tensor, weights) => {
      const [found, right] = indicators(name, outputs, targets, options)
      const weight = rowWeights(name, outputs, weights, found.shape[0] as number)
      const counted = (rows: Tensor): Tensor => sum(mul(rows, weight), { axes: 0 })
      return {
        hits: counted(mul(found, right)),
        falseAlarms: counted(mul(found, sub(1, right))),
        misses: counted(mul(sub(1, found), right)),
      }
    },
    result: (counts) => joined(measure, options.average ?? 'macro', counts),
  })
}

/**
 * Of what was found, the share that is right: hits / (hits + false alarms).
 *
 * @returns a metric of probabilities and targets `[batch]`, or with `classes` of outputs `[batch, classes]` and int32 `[batch]` or one-hot
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { precision } from '@grad-ts/nn'
 * const metric = precision()
 * toNumber(metric.result(metric.update(metric.empty, tensor([0.9, 0.8, 0.1]), tensor([1, 0, 1])))) // => 0.5
 */
export const precision = (options: ClassMetricOptions = {}): Metric<ClassCounts> =>
  classMetric('precision', options, ({ hits, falseAlarms }) => safeRatio(hits, add(hits, falseAlarms)))

/**
 * Of what there is, the share that was found: hits / (hits + misses).
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { recall } from '@grad-ts/nn'
 * const metric = recall()
 * toNumber(metric.result(metric.update(metric.empty, tensor([0.9, 0.8, 0.1]), tensor([1, 0, 1])))) // => 0.5
 */
export const recall = (options: ClassMetricOptions = {}): Metric<ClassCounts> =>
  classMetric('recall', options, ({ hits, misses }) => safeRatio(hits, add(hits, misses)))

/**
 * The harmonic mean of precision and recall, where recall counts beta times as much (default 1).
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { fBeta } from '@grad-ts/nn'
 * const metric = fBeta()
 * toNumber(metric.result(metric.update(metric.empty, tensor([0.9, 0.8, 0.1]), tensor([1, 0, 1])))) // => 0.5
 */
export const fBeta = ({ beta = 1, ...options }: ClassMetricOptions & { readonly beta?: number } = {}): Metric<ClassCounts> =>
  classMetric(beta === 1 ? 'f1' : 'fBeta', options, ({ hits, falseAlarms, misses }) => {
    const above = mul(hits, 1 + beta ** 2)
    return safeRatio(above, add(add(above, mul(misses, beta ** 2)), falseAlarms))
  })

/**
 * hits / (hits + false alarms + misses) of every class, by default their mean: how well segments overlap.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { intersectionOverUnion } from '@grad-ts/nn'
 * const metric = intersectionOverUnion()
 * toNumber(metric.result(metric.update(metric.empty, tensor([0.9, 0.8]), tensor([1, 0])))) // => 0.5
 */
export const intersectionOverUnion = (options: ClassMetricOptions = {}): Metric<ClassCounts> =>
  classMetric('intersectionOverUnion', options, ({ hits, falseAlarms, misses }) => safeRatio(hits, add(add(hits, falseAlarms), misses)))

/** The state of a confusion matrix. */
export type Confusion = { readonly counts: Tensor }

/**
 * Counts the rows of each class (first axis) by the class that was found (second axis): `[classes, classes]`.
 *
 * @example
 * import { tensor, toArray } from '@grad-ts/tensor'
 * import { confusionMatrix } from '@grad-ts/nn'
 * const metric = confusionMatrix({ classes: 2 })
 * const state = metric.update(metric.empty, tensor([[0, 1], [0, 1]]), tensor([1, 0], { dtype: 'int32' }))
 * toArray(metric.result(state)) // => [[0, 1], [0, 1]]
 */
export const confusionMatrix = ({ classes }: { readonly classes: number }): Metric<Confusion> =>
  sumMetric({
    name: 'confusionMatrix',
    empty: { counts: zeros([classes, classes]) },
    contribution: (outputs: Tensor, targets: Tensor, weights) => {
      const [found, right] = indicators('confusionMatrix', outputs, targets, { classes })
      const weight = rowWeights('confusionMatrix', outputs, weights, found.shape[0] as number)
      return { counts: matmul(mul(right, weight), found, { transposeA: true, precision: 'full' }) }
    },
    result: ({ counts }) => counts,
  })
