import {
  add,
  and,
  cast,
  div,
  equal,
  exp,
  expandDims,
  log,
  maximum,
  mean,
  minimum,
  mul,
  notEqual,
  round,
  ShapeError,
  slice,
  stack,
  sub,
  sum,
  where,
  zeros,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { batchWeights, sumMetric, zero } from './metric.ts'
import type { Metric } from './metric.ts'

/** For each length of phrase, how many of the candidates' phrases are in the reference and how many there are; and both lengths. */
export type BleuState = {
  readonly matches: Tensor
  readonly possible: Tensor
  readonly candidateLength: Tensor
  readonly referenceLength: Tensor
}

/** Which pairs of positions hold the same token, bool `[batch, left, right]`. */
const sameTokens = (left: Tensor, right: Tensor, padding: number): Tensor => {
  const [a, b] = [expandDims(left, 2), expandDims(right, 1)]
  return and(equal(a, b), and(notEqual(a, padding), notEqual(b, padding)))
}

/** From pairs of positions that start the same phrase of n − 1 tokens to those that start the same phrase of n. */
const longer = (shorter: Tensor, tokens: Tensor, n: number): Tensor => {
  const [, left, right] = shorter.shape as [number, number, number]
  return and(slice(shorter, [null, { end: left - 1 }, { end: right - 1 }]), slice(tokens, [null, { start: n - 1 }, { start: n - 1 }]))
}

/** For each row, how many phrases are there, each counted as often as the reference has it. */
const clipped = (within: Tensor, across: Tensor): Tensor => {
  const own = sum(cast(within, 'float32'), { axes: 2 })
  const wanted = sum(cast(across, 'float32'), { axes: 2 })
  const shares = where(equal(own, 0), 0, div(minimum(own, wanted), maximum(own, 1)))
  return round(sum(shares, { axes: 1 }))
}

const phraseCounts = (candidate: Tensor, reference: Tensor, order: number, padding: number) => {
  const [tokensWithin, tokensAcross] = [sameTokens(candidate, candidate, padding), sameTokens(candidate, reference, padding)]
  let [within, across] = [tokensWithin, tokensAcross]
  const counts: { readonly matches: Tensor; readonly possible: Tensor }[] = []
  for (let n = 1; n <= order; n++) {
    if (n > 1) [within, across] = [longer(within, tokensWithin, n), longer(across, tokensAcross, n)]
    const length = sum(cast(notEqual(candidate, padding), 'float32'), { axes: 1 })
    counts.push({ matches: clipped(within, across), possible: maximum(sub(length, n - 1), 0) })
  }
  return counts
}

const score = ({ matches, possible, candidateLength, referenceLength }: BleuState): Tensor => {
  const nothing = equal(matches, 0)
  const logPrecision = where(nothing, -Infinity, sub(log(where(nothing, 1, matches)), log(maximum(possible, 1))))
  const brevity = minimum(sub(1, div(referenceLength, maximum(candidateLength, 1))), 0)
  return exp(add(mean(logPrecision), brevity))
}

/**
 * BLEU of a whole corpus: how many phrases of up to `order` tokens translations share with their references, less a penalty for brevity.
 *
 * @param options.order longest phrase, default 4
 * @param options.padding the token that fills sequences up, default 0
 * @returns a metric of int32 tokens `[batch, time]` and references `[batch, time]`; both at least `order` long
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { bleu } from '@grad-ts/nn'
 * const tokens = tensor([[1, 2, 3, 4, 5]], { dtype: 'int32' })
 * const metric = bleu()
 * toNumber(metric.result(metric.update(metric.empty, tokens, tokens))) // => 1
 * @see Papineni et al., BLEU: a method for automatic evaluation of machine translation, 2002
 */
export const bleu = ({ order = 4, padding = 0 }: { readonly order?: number; readonly padding?: number } = {}): Metric<BleuState> =>
  sumMetric({
    name: 'bleu',
    empty: { matches: zeros([order]), possible: zeros([order]), candidateLength: zero, referenceLength: zero },
    contribution: (candidate: Tensor, reference: Tensor, weights) => {
      const times = [candidate.shape[1] ?? 0, reference.shape[1] ?? 0]
      if (candidate.shape.length !== 2 || reference.shape.length !== 2 || times.some((time) => time < order))
        throw new ShapeError('bleu', [candidate, reference], `expected tokens [batch, time] with time at least ${order}`)
      const weight = batchWeights('bleu', candidate, weights)
      const added = (perRow: Tensor): Tensor => sum(mul(perRow, weight))
      const counts = phraseCounts(candidate, reference, order, padding)
      const lengthOf = (tokens: Tensor): Tensor => added(sum(cast(notEqual(tokens, padding), 'float32'), { axes: 1 }))
      return {
        matches: stack(counts.map(({ matches }) => added(matches))),
        possible: stack(counts.map(({ possible }) => added(possible))),
        candidateLength: lengthOf(candidate),
        referenceLength: lengthOf(reference),
      }
    },
    result: score,
  })
