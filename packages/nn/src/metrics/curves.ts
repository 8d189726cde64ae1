import {
  add,
  cast,
  clamp,
  cumsum,
  floor,
  greaterEqual,
  max,
  mul,
  reshape,
  scatterAdd,
  sigmoid,
  sub,
  sum,
  where,
  zeros,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { sameShapes } from '../losses/reduction.ts'
import { batchWeights, safeRatio, sumMetric } from './metric.ts'
import type { Metric } from './metric.ts'

/** How many positives and negatives got a score in each of many equal intervals from 0 to 1. */
export type ScoreHistogram = { readonly positives: Tensor; readonly negatives: Tensor }

export interface CurveOptions {
  /** How many intervals, default 200. More are more exact. */
  readonly bins?: number
  /** Whether the outputs are logits (a sigmoid is applied) and not probabilities. Default false. */
  readonly fromLogits?: boolean
}

const histogramMetric = (
  name: string,
  { bins = 200, fromLogits = false }: CurveOptions,
  result: (histogram: ScoreHistogram) => Tensor,
): Metric<ScoreHistogram> =>
  sumMetric({
    name,
    empty: { positives: zeros([bins]), negatives: zeros([bins]) },
    contribution: (outputs: Tensor, targets: Tensor, weights) => {
      sameShapes(name, outputs, targets)
      const scores = cast(fromLogits ? sigmoid(outputs) : outputs, 'float32')
      const bin = reshape(cast(clamp(floor(mul(scores, bins)), 0, bins - 1), 'int32'), [-1])
      const weight = reshape(batchWeights(name, outputs, weights), [-1, ...outputs.shape.slice(1).map(() => 1)])
      const positive = cast(targets, 'float32')
      const counted = (share: Tensor): Tensor => scatterAdd(reshape(mul(share, weight), [-1]), bin, { length: bins })
      return { positives: counted(positive), negatives: counted(sub(1, positive)) }
    },
    result,
  })

/** How many score in a bin or above it. */
const fromAbove = (counts: Tensor): Tensor => cumsum(counts, { reverse: true })

/** Σ over negatives of the positives above them, those in the same bin counting half. */
const rankSum = ({ positives, negatives }: ScoreHistogram): Tensor => sum(mul(negatives, sub(fromAbove(positives), mul(positives, 0.5))))

/** Σ of precision times the gain in recall, from the highest scores down. */
const averagePrecision = ({ positives, negatives }: ScoreHistogram): Tensor => {
  const hits = fromAbove(positives)
  return safeRatio(sum(mul(positives, safeRatio(hits, add(hits, fromAbove(negatives))))), sum(positives))
}

/**
 * The area under a curve: how likely a positive scores above a negative (`ROC`, default), or the average precision (`PR`).
 *
 * @returns a metric of probabilities (or logits) and targets 0 or 1 of the same shape
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { areaUnderCurve } from '@grad-ts/nn'
 * const metric = areaUnderCurve()
 * toNumber(metric.result(metric.update(metric.empty, tensor([0.1, 0.4, 0.35, 0.8]), tensor([0, 0, 1, 1])))) // => 0.75
 */
export const areaUnderCurve = ({
  curve = 'ROC',
  ...options
}: CurveOptions & { readonly curve?: 'ROC' | 'PR' } = {}): Metric<ScoreHistogram> =>
  histogramMetric('areaUnderCurve', options, (histogram) =>
    curve === 'PR' ? averagePrecision(histogram) : safeRatio(rankSum(histogram), mul(sum(histogram.positives), sum(histogram.negatives))),
  )

type Rates = { readonly precision: Tensor; readonly recall: Tensor; readonly specificity: Tensor }

/** What each threshold at the lower edge of a bin would give. */
const ratesOf = ({ positives, negatives }: ScoreHistogram): Rates => {
  const [hits, falseAlarms] = [fromAbove(positives), fromAbove(negatives)]
  const all = sum(negatives)
  return {
    precision: safeRatio(hits, add(hits, falseAlarms)),
    recall: safeRatio(hits, sum(positives)),
    specificity: safeRatio(sub(all, falseAlarms), all),
  }
}

const bestWhere =
  (name: string, measured: keyof Rates, bounded: keyof Rates) =>
  (bound: number, options: CurveOptions = {}): Metric<ScoreHistogram> =>
    histogramMetric(name, options, (histogram) => {
      const rates = ratesOf(histogram)
      return max(where(greaterEqual(rates[bounded], bound), rates[measured], 0))
    })

/**
 * The best recall (sensitivity) among thresholds of at least this specificity.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { sensitivityAtSpecificity } from '@grad-ts/nn'
 * const metric = sensitivityAtSpecificity(0.5)
 * toNumber(metric.result(metric.update(metric.empty, tensor([0.1, 0.4, 0.35, 0.8]), tensor([0, 0, 1, 1])))) // => 1
 */
export const sensitivityAtSpecificity = bestWhere('sensitivityAtSpecificity', 'recall', 'specificity')
/**
 * The best specificity among thresholds of at least this recall.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { specificityAtSensitivity } from '@grad-ts/nn'
 * const metric = specificityAtSensitivity(1)
 * toNumber(metric.result(metric.update(metric.empty, tensor([0.1, 0.4, 0.35, 0.8]), tensor([0, 0, 1, 1])))) // => 0.5
 */
export const specificityAtSensitivity = bestWhere('specificityAtSensitivity', 'specificity', 'recall')
/**
 * The best precision among thresholds of at least this recall.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { precisionAtRecall } from '@grad-ts/nn'
 * const metric = precisionAtRecall(0.5)
 * toNumber(metric.result(metric.update(metric.empty, tensor([0.1, 0.4, 0.35, 0.8]), tensor([0, 0, 1, 1])))) // => 1
 */
export const precisionAtRecall = bestWhere('precisionAtRecall', 'precision', 'recall')
/**
 * The best recall among thresholds of at least this precision.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { recallAtPrecision } from '@grad-ts/nn'
 * const metric = recallAtPrecision(1)
 * toNumber(metric.result(metric.update(metric.empty, tensor([0.1, 0.4, 0.35, 0.8]), tensor([0, 0, 1, 1])))) // => 0.5
 */
export const recallAtPrecision = bestWhere('recallAtPrecision', 'recall', 'precision')
