import {
  abs,
  add,
  broadcastTo,
  cast,
  concat,
  equal,
  exp,
  expandDims,
  full,
  log1p,
  maximum,
  mul,
  neg,
  oneHot,
  pad,
  scan,
  ShapeError,
  sliceAxis,
  sub,
  sum,
  takeAlongAxis,
  transpose,
  where,
  zeros,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { logSoftmax } from '../activations.ts'
import { reduceLoss } from './reduction.ts'
import type { LossOptions } from './reduction.ts'

export interface CtcOptions extends LossOptions {
  /** The class that stands for no label, default 0. */
  readonly blankId?: number
  /** Stands for log 0, default −1e5. An impossible alignment costs about its size. */
  readonly logEpsilon?: number
}

const logAddExp = (a: Tensor, b: Tensor): Tensor => add(maximum(a, b), log1p(exp(neg(abs(sub(a, b))))))

/** Adds a score, in logarithms, to every position but the first. */
const advance = (blank: Tensor, score: Tensor): Tensor =>
  concat([sliceAxis(blank, 1, { end: 1 }), logAddExp(sliceAxis(blank, 1, { start: 1 }), score)], 1)

type Forward = { readonly blank: Tensor; readonly label: Tensor }
type Frame = { readonly label: Tensor; readonly blank: Tensor; readonly padding: Tensor }

/** One frame of the forward recursion: `repeats` marks labels that the next label repeats, which only a blank can part. */
const forwardStep =
  (repeats: Tensor, logEpsilon: number) =>
  ({ blank, label }: Forward, frame: Frame): readonly [Forward, null] => {
    const padded = expandDims(frame.padding, 1)
    const kept = (before: Tensor, after: Tensor): Tensor => add(mul(padded, before), mul(sub(1, padded), after))
    const reached = advance(blank, add(label, mul(repeats, logEpsilon)))
    const nextLabel = add(logAddExp(sliceAxis(reached, 1, { end: -1 }), label), frame.label)
    const parted = add(add(label, frame.blank), mul(sub(1, repeats), logEpsilon))
    const nextBlank = advance(add(reached, frame.blank), parted)
    return [{ blank: kept(blank, nextBlank), label: kept(label, nextLabel) }, null]
  }

const checkShapes = (logits: Tensor, logitPaddings: Tensor, labels: Tensor, labelPaddings: Tensor): void => {
  const [batch, frames] = logits.shape
  const fits = logits.shape.length === 3 && String(logitPaddings.shape) === String([batch, frames])
  if (!fits || labels.shape.length !== 2 || labels.shape[0] !== batch || String(labels.shape) !== String(labelPaddings.shape))
    throw new ShapeError(
      'ctcLoss',
      [logits, logitPaddings, labels, labelPaddings],
      'expected [batch, time, classes], [batch, time], [batch, labels] twice',
    )
}

/** Log probabilities of the labels and of the blank, frame by frame. */
const framesOf = (logits: Tensor, paddings: Tensor, labels: Tensor, blankId: number): Frame => {
  const logP = logSoftmax(logits)
  const [batch, time] = logits.shape as [number, number]
  const wanted = broadcastTo(expandDims(labels, 1), [batch, time, labels.shape[1] as number])
  return {
    label: transpose(takeAlongAxis(logP, wanted, 2), [1, 0, 2]),
    blank: transpose(sliceAxis(logP, 2, { start: blankId, end: blankId + 1 }), [1, 0, 2]),
    padding: transpose(paddings),
  }
}

/** 1 where the next label is the same. */
const repeatsOf = (labels: Tensor, like: Tensor): Tensor => {
  const same = equal(sliceAxis(labels, 1, { end: -1 }), sliceAxis(labels, 1, { start: 1 }))
  return pad(cast(same, like.dtype), [
    [0, 0],
    [0, 1],
  ])
}

/**
 * Connectionist temporal classification: −log of the probability that the frames, with blanks and repetitions removed, read as the labels.
 *
 * @param logits float `[batch, time, classes]`
 * @param logitPaddings `[batch, time]`, 1 (or true) where a frame is padding
 * @param labels int32 `[batch, labels]`, padded at the end
 * @param labelPaddings `[batch, labels]`, 1 (or true) where a label is padding
 * @returns with reduction `none`, one value per sequence
 * @example
 * import { tensor, toNumber, zeros } from '@grad-ts/tensor'
 * import { ctcLoss } from '@grad-ts/nn'
 * const label = tensor([[1]], { dtype: 'int32' })
 * toNumber(ctcLoss(zeros([1, 1, 2]), zeros([1, 1]), label, zeros([1, 1]))) // => 0.6931471824645996
 * @see Graves et al., Connectionist temporal classification: labelling unsegmented sequence data with recurrent neural networks, 2006
 */
export const ctcLoss = (logits: Tensor, logitPaddings: Tensor, labels: Tensor, labelPaddings: Tensor, options: CtcOptions = {}): Tensor => {
  checkShapes(logits, logitPaddings, labels, labelPaddings)
  const { blankId = 0, logEpsilon = -1e5, ...reduce } = options
  const { dtype } = logits
  const [batch, length] = labels.shape as [number, number]
  const missing = cast(labelPaddings, dtype)
  const known = where(cast(labelPaddings, 'bool'), 0, labels)
  const start: Forward = {
    blank: concat([zeros([batch, 1], dtype), full([batch, length], logEpsilon, dtype)], 1),
    label: full([batch, length], logEpsilon, dtype),
  }
  const frames = framesOf(logits, cast(logitPaddings, dtype), known, blankId)
  const [last] = scan(forwardStep(repeatsOf(labels, logits), logEpsilon), start, frames)
  const total = advance(last.blank, last.label)
  const count = cast(sub(length, sum(missing, { axes: 1 })), 'int32')
  return reduceLoss(neg(sum(mul(total, oneHot(count, length + 1, dtype)), { axes: 1 })), reduce, 'ctcLoss')
}
