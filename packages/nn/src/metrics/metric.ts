import { add, cast, div, equal, mul, notEqual, ones, reshape, ShapeError, sum, tensor, where } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { map } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { perExample } from '../losses/reduction.ts'

/**
 * A measure over many batches: a commutative monoid (`empty`, `combine`) with a way in (`update`) and a way out (`result`).
 * All four work on tensors, so that they can run inside a compiled graph; any split of the data into batches gives the same result.
 */
export interface Metric<State extends Tree<Tensor> = Tree<Tensor>, Outputs = Tensor, Targets = Tensor> {
  readonly name: string
  /** The state before the first batch. */
  readonly empty: State
  /**
   * Takes a batch in.
   *
   * @param weights float or bool `[batch]`; rows of weight 0, such as padding, do not count (default: all count 1)
   */
  update(this: void, state: State, outputs: Outputs, targets: Targets, weights?: Tensor): State
  /** Joins the states of two parts of the data. */
  combine(this: void, left: State, right: State): State
  /** The measure, as float. */
  result(this: void, state: State): Tensor
}

/**
 * Adds two states leaf by leaf: how most metrics combine.
 *
 * @example
 * import { scalar, toNumber } from '@grad-ts/tensor'
 * import { addStates } from '@grad-ts/nn'
 * toNumber(addStates({ total: scalar(1) }, { total: scalar(2) }).total) // => 3
 */
export const addStates = <State extends Tree<Tensor>>(left: State, right: State): State =>
  map((a: Tensor, b: Tensor) => add(a, b), left as Tree<Tensor>, right as Tree<Tensor>) as State

/** a / b, and 0 where b is 0. */
export const safeRatio = (a: Tensor, b: Tensor): Tensor => where(equal(b, 0), 0, div(a, where(equal(b, 0), 1, b)))

/** A float32 scalar 0, where sums start. */
export const zero = tensor(Float32Array.of(0), { shape: [] })

/** The weights of a batch as float32 `[batch]`, all 1 when none are given. */
export const batchWeights = (op: string, outputs: Tensor, weights: Tensor | undefined): Tensor => {
  const batch = outputs.shape[0]
  if (batch === undefined) throw new ShapeError(op, [outputs], 'expected outputs of shape [batch, …]')
  if (weights === undefined) return ones([batch])
  if (weights.shape.length !== 1 || weights.shape[0] !== batch)
    throw new ShapeError(op, [outputs, weights], `expected weights of shape [${batch}]`)
  return cast(weights, 'float32')
}

/**
 * Makes a metric whose state is a tree of sums: one batch's contribution is added to what was there.
 *
 * @example
 * import { scalar, sum, tensor, toNumber } from '@grad-ts/tensor'
 * import { sumMetric } from '@grad-ts/nn'
 * const metric = sumMetric({
 *   name: 'sum',
 *   empty: { total: scalar(0) },
 *   contribution: (outputs) => ({ total: sum(outputs) }),
 *   result: ({ total }) => total,
 * })
 * toNumber(metric.result(metric.update(metric.empty, tensor([1, 2]), tensor([0, 0])))) // => 3
 */
export const sumMetric = <State extends Tree<Tensor>, Outputs = Tensor, Targets = Tensor>(definition: {
  readonly name: string
  readonly empty: State
  readonly contribution: (outputs: Outputs, targets: Targets, weights: Tensor | undefined) => State
  readonly result: (state: State) => Tensor
}): Metric<State, Outputs, Targets> => ({
  name: definition.name,
  empty: definition.empty,
  update: (state, outputs, targets, weights) => addStates(state, definition.contribution(outputs, targets, weights)),
  combine: addStates,
  result: definition.result,
})

/** The state of a weighted mean. */
export type MeanState = { readonly total: Tensor; readonly weight: Tensor }

/** Σ w·v and Σ w; rows of weight 0 do not count even when their value is not finite. */
export const weightedSums = (op: string, values: Tensor, weights: Tensor | undefined): MeanState => {
  const perRow = cast(perExample(values), 'float32')
  const weight = batchWeights(op, perRow, weights)
  return { total: sum(where(notEqual(weight, 0), mul(perRow, weight), 0)), weight: sum(weight) }
}

/** Σ w·v and Σ w over the elements of `[batch, …]`, each with the weight of its row, or 0 where it is not to be counted. */
export const elementSums = (op: string, values: Tensor, counted: Tensor | undefined, weights: Tensor | undefined): MeanState => {
  const rows = reshape(batchWeights(op, values, weights), [-1, ...values.shape.slice(1).map(() => 1)])
  const weight = mul(rows, counted === undefined ? ones(values.shape) : cast(counted, 'float32'))
  return { total: sum(where(notEqual(weight, 0), mul(cast(values, 'float32'), weight), 0)), weight: sum(weight) }
}

/**
 * Makes a metric that averages a value per example.
 *
 * @param values gives `[batch]`, or `[batch, …]` to be averaged within each example
 * @example
 * import { abs, sub, tensor, toNumber } from '@grad-ts/tensor'
 * import { meanOf } from '@grad-ts/nn'
 * const metric = meanOf('distance', (outputs, targets) => abs(sub(outputs, targets)))
 * toNumber(metric.result(metric.update(metric.empty, tensor([1, 5]), tensor([2, 2])))) // => 2
 */
export const meanOf = <Outputs = Tensor, Targets = Tensor>(
  name: string,
  values: (outputs: Outputs, targets: Targets) => Tensor,
): Metric<MeanState, Outputs, Targets> =>
  sumMetric({
    name,
    empty: { total: zero, weight: zero },
    contribution: (outputs: Outputs, targets: Targets, weights) => weightedSums(name, values(outputs, targets), weights),
    result: ({ total, weight }) => safeRatio(total, weight),
  })

/**
 * Averages the outputs themselves, such as a loss value per example; the targets are not read.
 *
 * @example
 * import { tensor, toNumber } from '@grad-ts/tensor'
 * import { mean } from '@grad-ts/nn'
 * const metric = mean()
 * const first = metric.update(metric.empty, tensor([1, 2, 3]), tensor([0, 0, 0]))
 * const both = metric.combine(first, metric.update(metric.empty, tensor([8]), tensor([0])))
 * toNumber(metric.result(both)) // => 3.5
 */
export const mean = (name = 'mean'): Metric<MeanState> => meanOf(name, (outputs) => outputs)
