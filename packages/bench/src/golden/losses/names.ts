import * as nn from '@grad-ts/nn'
import { add, broadcastTo, isFloat, mul, normalizeAxes, notEqual, pow, relu, sub, sum, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { camelCase } from '../spelling.ts'

export type Option = number | string | boolean | readonly number[] | null

/** A loss as the fixtures call it: the arrays by position, everything else by name. */
export type Loss = (positional: readonly Tensor[], options: Readonly<Record<string, Option | Tensor>>) => Tensor

// Arrays that are options of ours; all other arrays go by position.
const optionArrays = new Set(['where', 'weights', 'class_weights'])

/** Tells whether an array argument of a fixture is an option here. */
export const isOptionArray = (name: string): boolean => optionArrays.has(name)

const call = (fn: unknown, positional: readonly Tensor[], options: object): Tensor =>
  (fn as (...args: unknown[]) => Tensor)(...positional, options)

const isRowOf = (x: Tensor, like: Tensor): boolean => {
  const missing = like.shape.length - x.shape.length
  return isFloat(x.dtype) && missing > 0 && x.shape.every((length, axis) => length === like.shape[axis + missing])
}

/** The originals let rows of targets broadcast, ours want them of one shape. */
const broadcast = ([first, ...rest]: readonly Tensor[]): Tensor[] => {
  const like = first as Tensor
  return [like, ...rest.map((x) => (isRowOf(x, like) ? broadcastTo(x, like.shape) : x))]
}

/** Losses that give one value per element or example here when they are not reduced. Without targets the options still come third. */
const unreduced =
  (fn: unknown): Loss =>
  (positional, options) => {
    const [first, ...rest] = broadcast(positional)
    return (fn as (...args: unknown[]) => Tensor)(first, ...(rest.length === 0 ? [undefined] : rest), { ...options, reduction: 'none' })
  }

/** Losses whose own result is what the fixture holds. */
const whole =
  (fn: unknown): Loss =>
  (positional, options) =>
    call(fn, positional, options)

const smoothLabels: Loss = ([labels], { alpha }) => nn.smoothLabels(labels as Tensor, alpha as number)

const reductions: Readonly<Record<string, 'sum' | 'mean' | 'none'>> = { sum: 'sum', mean: 'mean', none: 'none' }

const rankingSoftmaxLoss: Loss = (positional, { weights, reduceFn = 'mean', ...options }) => {
  const itemWeights = weights === undefined ? {} : { itemWeights: weights }
  const name = typeof reduceFn === 'string' ? reduceFn.replace(/^.*\./, '') : 'mean'
  return call(nn.rankingSoftmaxLoss, positional, {
    ...options,
    ...itemWeights,
    reduction: reduceFn === null ? 'none' : (reductions[name] ?? 'mean'),
  })
}

/** 0 for a weight of 0 whatever the logit, as in the loss it is a part of. */
const weightedLogsoftmax: Loss = ([x, weights]) =>
  where(notEqual(weights as Tensor, 0), mul(weights as Tensor, nn.logSoftmax(x as Tensor)), 0)

/** optax takes odd powers with their sign, so that distances can cancel; ours are distances. */
const tripletMarginLoss: Loss = (positional, options) => {
  const { axis = -1, normDegree = 2, margin = 1, eps = 1e-6 } = options as Readonly<Record<string, number>>
  if (normDegree % 2 !== 1) return unreduced(nn.tripletMarginLoss)(positional, options)
  const [anchors, positives, negatives] = positional as [Tensor, Tensor, Tensor]
  const distance = (other: Tensor): Tensor => pow(add(sum(pow(sub(anchors, other), normDegree), { axes: axis }), eps), 1 / normDegree)
  return relu(add(sub(distance(positives), distance(negatives)), margin))
}

/** Names that differ by more than their spelling, and losses that are called otherwise. */
const exceptions: Readonly<Record<string, Loss>> = {
  smooth_labels: smoothLabels,
  ranking_softmax_loss: rankingSoftmaxLoss,
  weighted_logsoftmax: weightedLogsoftmax,
  safe_softmax_cross_entropy: unreduced(nn.softmaxCrossEntropy),
  binary_logistic_loss: unreduced(nn.sigmoidBinaryCrossEntropy),
  multiclass_logistic_loss: unreduced(nn.softmaxCrossEntropyWithIntegerLabels),
  binary_sparsemax_loss: unreduced(nn.sparsemaxLoss),
  convex_kl_divergence: unreduced(nn.generalizedKlDivergence),
  triplet_margin_loss: tripletMarginLoss,
  ntxent: whole(nn.ntxent),
  dice_loss: whole(nn.diceLoss),
  binary_dice_loss: whole(nn.binaryDiceLoss),
  multiclass_generalized_dice_loss: whole(nn.multiclassGeneralizedDiceLoss),
}

/** Finds the loss of a fixture by its name. */
export const lossOf = (name: string): Loss | undefined => {
  const known = exceptions[name]
  if (known !== undefined) return known
  const ours = (nn as Readonly<Record<string, unknown>>)[camelCase(name)]
  return typeof ours === 'function' ? unreduced(ours) : undefined
}

/** An axis of `null` means all axes. */
export const optionsOf = (kwargs: Readonly<Record<string, Option>>, first: Tensor): Record<string, Option> =>
  Object.fromEntries(
    Object.entries(kwargs)
      .filter(([name, value]) => value !== null || name === 'axis' || name === 'reduce_fn')
      .map(([name, value]) => [camelCase(name), value === null && name === 'axis' ? normalizeAxes('axis', first, undefined) : value]),
  )
