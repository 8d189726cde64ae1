import {
  add,
  cast,
  equal,
  mean as meanAlong,
  mul,
  notEqual,
  reshape,
  ShapeError,
  sizeOf,
  sqrt,
  square,
  sub,
  sum,
  where,
  zeros,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { sameShapes } from '../losses/reduction.ts'
import { batchWeights, safeRatio } from './metric.ts'
import type { Metric } from './metric.ts'

/**
 * Weight, means, and sums of squared and mixed distances from the means of outputs and targets, one for each of `[outputs]` columns;
 * `residual` is Σ (output − target)².
 */
export type Moments = {
  readonly weight: Tensor
  readonly outputMean: Tensor
  readonly targetMean: Tensor
  readonly outputSquares: Tensor
  readonly targetSquares: Tensor
  readonly products: Tensor
  readonly residual: Tensor
}

const noMoments = (outputs: number): Moments => {
  const none = zeros([outputs])
  return { weight: none, outputMean: none, targetMean: none, outputSquares: none, targetSquares: none, products: none, residual: none }
}

/** Moments about the batch's own means: sums of raw squares would cancel in float32. */
const momentsOf = (name: string, outputs: Tensor, targets: Tensor, weights: Tensor | undefined, columns: number): Moments => {
  sameShapes(name, outputs, targets)
  const [batch] = outputs.shape
  if (batch === undefined || sizeOf(outputs.shape.slice(1)) !== columns)
    throw new ShapeError(name, [outputs, targets], `expected [batch, ${columns}]; give the metric { outputs } as the number of columns`)
  const weight = reshape(batchWeights(name, outputs, weights), [batch, 1])
  const rows = (x: Tensor): Tensor => where(notEqual(weight, 0), reshape(cast(x, 'float32'), [batch, columns]), 0)
  const [y, t] = [rows(outputs), rows(targets)]
  const added = (x: Tensor): Tensor => sum(mul(x, weight), { axes: 0 })
  const count = add(zeros([columns]), sum(weight))
  const [outputMean, targetMean] = [safeRatio(added(y), count), safeRatio(added(t), count)]
  const [dy, dt] = [sub(y, outputMean), sub(t, targetMean)]
  return {
    weight: count,
    outputMean,
    targetMean,
    outputSquares: added(square(dy)),
    targetSquares: added(square(dt)),
    products: added(mul(dy, dt)),
    residual: added(square(sub(y, t))),
  }
}

/** Joins the moments of two parts (Chan, Golub and LeVeque, 1979). */
const combineMoments = (a: Moments, b: Moments): Moments => {
  const weight = add(a.weight, b.weight)
  const share = safeRatio(b.weight, weight)
  const [dy, dt] = [sub(b.outputMean, a.outputMean), sub(b.targetMean, a.targetMean)]
  const between = mul(a.weight, share)
  return {
    weight,
    outputMean: add(a.outputMean, mul(dy, share)),
    targetMean: add(a.targetMean, mul(dt, share)),
    outputSquares: add(add(a.outputSquares, b.outputSquares), mul(square(dy), between)),
    targetSquares: add(add(a.targetSquares, b.targetSquares), mul(square(dt), between)),
    products: add(add(a.products, b.products), mul(mul(dy, dt), between)),
    residual: add(a.residual, b.residual),
  }
}

export interface MomentOptions {
  /** How many numbers each example has, default 1; the result is their mean. */
  readonly outputs?: number
}

const momentMetric = (name: string, { outputs: columns = 1 }: MomentOptions, measure: (moments: Moments) => Tensor): Metric<Moments> => ({
  name,
  empty: noMoments(columns),
  update: (state, outputs, targets, weights) => combineMoments(state, momentsOf(name, outputs, targets, weights, columns)),
  combine: combineMoments,
  result: (moments) => meanAlong(measure(moments)),
})

/**
 * 1 − Σ(t − p)² / Σ(t − mean t)² over all examples: the share of the targets' variance that is explained; 0 when they do not vary.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { r2Score } from '@grad-ts/nn'
 * const metric = r2Score()
 * toNumber(metric.result(metric.update(metric.empty, tensor([1, 2, 3]), tensor([1, 2, 3])))) // => 1
 */
export const r2Score = (options: MomentOptions = {}): Metric<Moments> =>
  momentMetric('r2Score', options, ({ residual, targetSquares }) =>
    where(equal(targetSquares, 0), 0, sub(1, safeRatio(residual, targetSquares))),
  )

/**
 * The linear correlation of outputs and targets over all examples, from −1 to 1; 0 when one of them does not vary.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { pearsonCorrelation } from '@grad-ts/nn'
 * const metric = pearsonCorrelation()
 * toNumber(metric.result(metric.update(metric.empty, tensor([1, 2, 3]), tensor([-1, -2, -3])))) // => -1
 */
export const pearsonCorrelation = (options: MomentOptions = {}): Metric<Moments> =>
  momentMetric('pearsonCorrelation', options, ({ products, outputSquares, targetSquares }) =>
    safeRatio(products, mul(sqrt(outputSquares), sqrt(targetSquares))),
  )

/**
 * Correlation that also counts a difference of mean and scale (Lin, 1989).
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { concordanceCorrelation } from '@grad-ts/nn'
 * const metric = concordanceCorrelation()
 * toNumber(metric.result(metric.update(metric.empty, tensor([1, 2, 3]), tensor([1, 2, 3])))) // => 1
 */
export const concordanceCorrelation = (options: MomentOptions = {}): Metric<Moments> =>
  momentMetric('concordanceCorrelation', options, ({ weight, products, outputSquares, targetSquares, outputMean, targetMean }) => {
    const shift = mul(square(sub(outputMean, targetMean)), weight)
    return safeRatio(mul(products, 2), add(add(outputSquares, targetSquares), shift))
  })
