import {
  abs,
  add,
  and,
  cast,
  clamp,
  div,
  equal,
  exp,
  expandDims,
  eye,
  greater,
  log,
  logSumExp,
  max,
  maximum,
  mul,
  neg,
  not,
  or,
  pow,
  ShapeError,
  softplus,
  square,
  stopGradient,
  sub,
  sum,
  where,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { normalized } from './cosine.ts'
import { likePredictions, reduceLoss, sameShapes } from './reduction.ts'
import type { LossOptions } from './reduction.ts'

// The distance between 1 and the next number, below which a squared norm says nothing.
const machineEpsilon: Readonly<Record<string, number>> = { float64: 2 ** -52, float32: 2 ** -23, float16: 2 ** -10 }

/** log(exp(own) + Σ exp(others)) for each pair, shifted by the largest so that it does not overflow. */
const logDenominator = (similarities: Tensor, isOther: Tensor, isPair: Tensor): Tensor => {
  const largest = stopGradient(max(where(or(isOther, isPair), similarities, -Infinity), { axes: 1, keepDims: true }))
  const shift = where(greater(largest, -Infinity), largest, 0)
  const shifted = sub(similarities, shift)
  const others = sum(exp(where(isOther, shifted, -Infinity)), { axes: 1, keepDims: true })
  return add(shift, log(add(others, exp(where(isPair, shifted, 0)))))
}

/** The cosine of every pair of rows, which pairs share a label, and which of those are two different rows; each `[batch, batch]`. */
const pairsOf = (op: string, embeddings: Tensor, labels: Tensor) => {
  const [batch] = embeddings.shape
  if (embeddings.shape.length !== 2 || labels.shape.length !== 1 || labels.shape[0] !== batch)
    throw new ShapeError(op, [embeddings, labels], 'expected embeddings [batch, size] and labels [batch]')
  const units = normalized(embeddings, -1, machineEpsilon[embeddings.dtype] ?? 0)
  const similarities = sum(mul(expandDims(units, 0), expandDims(units, 1)), { axes: -1 })
  const same = equal(expandDims(labels, 1), expandDims(labels, 0))
  return { similarities, same, isPair: and(same, not(cast(eye(batch as number), 'bool'))) }
}

/**
 * The normalised, temperature-scaled cross entropy of SimCLR: rows of one label are drawn together, all others apart.
 *
 * @param embeddings float `[batch, size]`
 * @param labels int32 `[batch]`: rows of equal label are positive pairs
 * @param options.temperature default 0.07
 * @returns a scalar: the average over all positive pairs, 0 when there are none
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { ntxent } from '@grad-ts/nn'
 * const rows = tensor([[1, 0], [2, 0], [0, 1]])
 * toNumber(ntxent(rows, tensor([0, 0, 1], { dtype: 'int32' }))) < 1e-5 // => true
 * @see Chen et al., A simple framework for contrastive learning of visual representations, 2020, arXiv:2002.05709
 */
export const ntxent = (embeddings: Tensor, labels: Tensor, { temperature = 0.07 }: { readonly temperature?: number } = {}): Tensor => {
  const { similarities: cosines, same, isPair } = pairsOf('ntxent', embeddings, labels)
  const similarities = div(cosines, temperature)
  const logShare = sub(similarities, logDenominator(similarities, not(same), isPair))
  const pairs = sum(cast(isPair, embeddings.dtype))
  return div(neg(sum(where(isPair, logShare, 0))), maximum(pairs, 1))
}

export interface TripletOptions extends LossOptions {
  /** Default: the last. */
  readonly axis?: number
  /** The p of the norm, default 2. */
  readonly normDegree?: number
  /** Default 1. */
  readonly margin?: number
  /** Added under the root, default 1e-6. */
  readonly eps?: number
}

const distance = (a: Tensor, b: Tensor, { axis = -1, normDegree = 2, eps = 1e-6 }: TripletOptions): Tensor => {
  const differences = sub(a, b)
  const powers = normDegree === 2 ? square(differences) : pow(abs(differences), normDegree)
  return pow(add(sum(powers, { axes: axis }), eps), 1 / normDegree)
}

/**
 * max(0, |a − p| − |a − n| + margin), one value per triplet.
 *
 * @param anchors float `[batch, size]`
 * @param positives to be near the anchors, of the same shape
 * @param negatives to be far from them, of the same shape
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { tripletMarginLoss } from '@grad-ts/nn'
 * toNumber(tripletMarginLoss(tensor([[0]]), tensor([[1]]), tensor([[1]]))) // => 1
 * @see Balntas et al., Learning shallow convolutional feature descriptors with triplet losses, 2016
 */
export const tripletMarginLoss = (anchors: Tensor, positives: Tensor, negatives: Tensor, options: TripletOptions = {}): Tensor => {
  sameShapes('tripletMarginLoss', anchors, positives)
  sameShapes('tripletMarginLoss', anchors, negatives)
  const { margin = 1, weights, reduction = 'mean' } = options
  const values = clamp(add(sub(distance(anchors, positives, options), distance(anchors, negatives, options)), margin), 0)
  return reduceLoss(values, weights === undefined ? { reduction } : { weights, reduction }, 'tripletMarginLoss')
}

/**
 * y·d² + (1 − y)·max(0, margin − d)², elementwise over distances (Hadsell, Chopra and LeCun, 2006; default margin 1). Labels: 1 = same.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { contrastiveLoss } from '@grad-ts/nn'
 * toNumber(contrastiveLoss(tensor([0.5, 0.5]), tensor([1, 0]))) // => 0.25
 */
export const contrastiveLoss = (distances: Tensor, labels: Tensor, options: LossOptions & { readonly margin?: number } = {}): Tensor => {
  const { margin = 1, ...reduce } = options
  sameShapes('contrastiveLoss', distances, labels)
  const same = likePredictions('contrastiveLoss', distances, labels)
  const apart = square(clamp(sub(margin, distances), 0))
  return reduceLoss(add(mul(same, square(distances)), mul(sub(1, same), apart)), reduce, 'contrastiveLoss')
}

/**
 * The circle loss: pairs of one label become similar, others dissimilar, each pair with a weight that grows with its distance from the goal.
 *
 * @param embeddings float `[batch, size]`
 * @param labels int32 `[batch]`
 * @param options.gamma scale, default 80
 * @param options.margin default 0.4
 * @returns a scalar: the mean over rows that have both a positive and a negative partner, 0 when there are none
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { circleLoss } from '@grad-ts/nn'
 * const rows = tensor([[1, 0], [2, 0], [0, 1]])
 * toNumber(circleLoss(rows, tensor([0, 0, 1], { dtype: 'int32' }), { margin: 0 })) < 1 // => true
 * @see Sun et al., Circle loss: a unified perspective of pair similarity optimization, 2020, arXiv:2002.10857
 */
export const circleLoss = (
  embeddings: Tensor,
  labels: Tensor,
  { gamma = 80, margin = 0.4 }: { readonly gamma?: number; readonly margin?: number } = {},
): Tensor => {
  const { similarities, same, isPair } = pairsOf('circleLoss', embeddings, labels)
  const pull = mul(mul(stopGradient(clamp(sub(1 + margin, similarities), 0)), sub(1 - margin, similarities)), gamma)
  const push = mul(mul(stopGradient(clamp(add(similarities, margin), 0)), sub(similarities, margin)), gamma)
  const along = (terms: Tensor, counted: Tensor): Tensor => logSumExp(where(counted, terms, -Infinity), { axes: 1 })
  const exponent = add(along(pull, isPair), along(push, not(same)))
  const complete = greater(exponent, -Infinity)
  return reduceLoss(softplus(where(complete, exponent, 0)), { weights: complete }, 'circleLoss')
}
