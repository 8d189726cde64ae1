import { DTypeError, isTensor, mul, notEqual, reshape, ShapeError, sizeOf, sum, where } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import type { MapLeaves, Tree } from '@grad-ts/tree'
import type { Context, Layer, Metric } from '@grad-ts/nn'
import type { Example } from '../data/dataset.ts'
import { SettingsError } from '../errors.ts'

/** What an example looks like inside the graph: the same tree, of tensors with the batch in front. */
export type Symbolic<E> = MapLeaves<E, Constant, Tensor>

/** Examples that have an input `x` and a target `y`. */
export type Supervised = { readonly x: Example; readonly y: Example }

/**
 * A loss: gives one value per example `[batch]` (or more, `[batch, …]`), which the trainer averages with the weights of the examples.
 * The losses of `@grad-ts/nn` are of this form. A scalar is taken as the mean over the batch.
 */
export type LossFunction<Outputs, Targets> = (outputs: Outputs, targets: Targets, options: { readonly reduction: 'none' }) => Tensor

/** A metric of any state. */
export type AnyMetric<Outputs = Tensor, Targets = Tensor> = Metric<Tree<Tensor>, Outputs, Targets>

/** Σ w·l and Σ w of a batch. The sums of batches add up to the mean over a data set. */
export interface LossSums {
  readonly total: Tensor
  readonly weight: Tensor
  /** Whether the loss gave a scalar, which cannot tell padding from examples. */
  readonly scalarLoss: boolean
}

/** A batch inside the graph. */
export interface SymbolicBatch {
  readonly examples: Tree<Tensor>
  /** `[rows]`, 0 for padding. */
  readonly weight: Tensor
}

/** What one pass through the model gives. */
export interface Pass<State> extends LossSums {
  readonly state: State
  readonly metrics: Readonly<Record<string, Tree<Tensor>>>
}

/** A task in the one form that training, evaluation and search use. */
export interface Objective<Params extends Tree<Tensor>, State extends Tree<Tensor>> {
  readonly init: (key: Tensor) => Params
  readonly initState: () => State
  readonly pass: (params: Params, state: State, batch: SymbolicBatch, context: Context) => Pass<State>
  readonly metrics: Readonly<Record<string, AnyMetric<never, never>>>
}

/** The weights repeated along axes that they lack, so that their sum counts every value. */
const weightSum = (weight: Tensor, values: Tensor): Tensor => {
  const perWeight = sizeOf(values.shape.slice(weight.shape.length))
  return mul(sum(weight), perWeight)
}

/**
 * Weights the values of a loss. A scalar stands for the mean over its batch.
 *
 * @param values `[]`, or `[rows, …]`
 * @param weight `[rows]`, or with more of the values' axes
 */
export const lossSums = (values: Tensor, weight: Tensor): LossSums => {
  if (values.shape.length === 0) return { total: mul(values, sum(weight)), weight: sum(weight), scalarLoss: true }
  if (weight.shape.length > values.shape.length)
    throw new ShapeError(
      'loss',
      [values, weight],
      'expected weights with no more axes than the values of the loss, which has averaged over the others; use a loss per element, or weights [batch]',
    )
  if (weight.shape.some((length, axis) => length !== values.shape[axis]))
    throw new ShapeError('loss', [values, weight], 'expected one value per example [batch, …], or a scalar that is the mean over the batch')
  const spread = reshape(weight, [...weight.shape, ...values.shape.slice(weight.shape.length).map(() => 1)])
  return { total: sum(where(notEqual(spread, 0), mul(values, spread), 0)), weight: weightSum(weight, values), scalarLoss: false }
}

/** A model with a loss between its outputs and the targets. */
export interface ModelTask<E extends Supervised, Params extends Tree<Tensor>, State extends Tree<Tensor>, Outputs> {
  readonly model: Layer<Params, State, Symbolic<E['x']>, Outputs>
  /** Where training starts (default: drawn by the model). */
  readonly params?: Params
  readonly loss: LossFunction<Outputs, Symbolic<E['y']>>
  /** Measured on training and validation data, by name; every example counts alike. */
  readonly metrics?: Readonly<Record<string, AnyMetric<Outputs, Symbolic<E['y']>>>>
  /** The same, where examples count by `weights`; these are `[batch]` then. */
  readonly weightedMetrics?: Readonly<Record<string, AnyMetric<Outputs, Symbolic<E['y']>>>>
  /** How much each example counts in the loss, `[batch]` or with more axes (a mask over time steps): class weights, sample weights. */
  readonly weights?: (examples: Symbolic<E>) => Tensor
}

/** Parameters with a loss of parameters and batch. */
export interface LossTask<E extends Example, Params extends Tree<Tensor>> {
  readonly params: Params
  /** Gives one value per example `[batch]`, or a scalar that is the mean over the batch. */
  readonly loss: (params: Params, examples: Symbolic<E>, context: Context) => Tensor
  readonly weights?: (examples: Symbolic<E>) => Tensor
}

type Weigh = (examples: Tree<Tensor>) => Tensor

const weigh = ({ examples, weight }: SymbolicBatch, weights?: Weigh): Tensor => {
  const own = weights?.(examples)
  return own === undefined ? weight : mul(own, reshape(weight, [...weight.shape, ...own.shape.slice(1).map(() => 1)]))
}

/** A model task whose types the caller has checked. */
export interface AnyModelTask<Params extends Tree<Tensor>, State extends Tree<Tensor>> {
  readonly model: Layer<Params, State, Tree<Tensor>, Tensor>
  readonly params?: Params
  readonly loss: LossFunction<Tensor, Tree<Tensor>>
  readonly metrics?: Readonly<Record<string, AnyMetric<Tensor, Tree<Tensor>>>>
  readonly weightedMetrics?: Readonly<Record<string, AnyMetric<Tensor, Tree<Tensor>>>>
  readonly weights?: Weigh
}

/** Makes the objective of a model. */
export const modelObjective = <Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  task: AnyModelTask<Params, State>,
): Objective<Params, State> => {
  const { metrics = {}, weightedMetrics = {} } = task
  const twice = Object.keys(weightedMetrics).find((name) => name in metrics)
  if (twice !== undefined) throw new SettingsError(`weightedMetrics.${twice}`, 'a name of its own', 'that of one of the metrics')
  return {
    init: (key) => task.params ?? task.model.init(key),
    initState: () => task.model.initState(),
    metrics: { ...metrics, ...weightedMetrics } as Objective<Params, State>['metrics'],
    pass: (params, state, batch, context) => {
      const { x = null, y = null } = batch.examples as Readonly<Record<string, Tree<Tensor>>>
      const [outputs, next] = task.model.applyWithState(params, state, x, { ...context, weights: batch.weight })
      const weight = weigh(batch, task.weights)
      const sums = lossSums(task.loss(outputs, y, { reduction: 'none' }), weight)
      const measured = [[metrics, batch.weight] as const, [weightedMetrics, weight] as const].flatMap(([own, rows]) =>
        Object.entries(own).map(([name, metric]) => [name, metric.update(metric.empty, outputs, y, rows)]),
      )
      return { ...sums, state: next, metrics: Object.fromEntries(measured) as Readonly<Record<string, Tree<Tensor>>> }
    },
  }
}

/** A loss task whose types the caller has checked. */
export interface AnyLossTask<Params extends Tree<Tensor>> {
  readonly params: Params
  readonly loss: (params: Params, examples: Tree<Tensor>, context: Context) => Tensor
  readonly weights?: Weigh
}

/** Makes the objective of a loss of parameters and batch. */
export const lossObjective = <Params extends Tree<Tensor>>(task: AnyLossTask<Params>): Objective<Params, null> => ({
  init: () => task.params,
  initState: () => null,
  metrics: {},
  pass: (params, state, batch, context) => {
    const values = task.loss(params, batch.examples, context)
    if (!isTensor(values)) throw new DTypeError('loss', [], 'it gave no tensor; expected one value per example [batch], or a scalar')
    return { ...lossSums(values, weigh(batch, task.weights)), state, metrics: {} }
  },
})

/** The objective of a task whose types the caller has checked. */
export type AnyObjective = Objective<Tree<Tensor>, Tree<Tensor>>

// The public overloads have checked the settings; inside, every task is one of these.
export const objectiveOf = (settings: object): AnyObjective =>
  'model' in settings && settings.model !== undefined
    ? (modelObjective as (task: unknown) => AnyObjective)(settings)
    : (lossObjective as (task: unknown) => AnyObjective)(settings)
