import { leaves, map, mapWithPath } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import {
  add,
  and,
  div,
  equal,
  foldIn,
  isFinite,
  mul,
  not,
  sliceAxis,
  sqrt,
  square,
  squeeze,
  sub,
  sum,
  where,
  zerosLike,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { valueAndGradWithAux } from '@grad-ts/autodiff'
import { applyUpdates } from '@grad-ts/optim'
import type { GradientTransformation } from '@grad-ts/optim'
import { learningRateOf } from './learning-rate.ts'
import type { Objective, Pass, SymbolicBatch } from './objective.ts'

/** Everything that a run carries from one update to the next. It is a tree of tensors: it can be compiled, saved and compared. */
export interface TrainState<Params, State> {
  readonly params: Params
  /** Running state of the model, such as batch statistics. */
  readonly model: State
  readonly solver: Tree<Tensor>
  /** Updates done, int32 `[]`. */
  readonly step: Tensor
  /** Randomness of the run, int32 `[2]`; every step derives its own. */
  readonly key: Tensor
  /** Moving average of the parameters; `null` when none is kept. */
  readonly average: Params | null
  /** Factor on the solver's updates, float32 `[]`: how callbacks change the learning rate without a new program. */
  readonly scale: Tensor
}

/** The parameters that are worth keeping: the average where one is kept. */
export const bestParams = <Params, State>(state: TrainState<Params, State>): Params => state.average ?? state.params

/** What one update reports. */
export interface StepReport {
  readonly loss: { readonly total: Tensor; readonly weight: Tensor }
  readonly metrics: Readonly<Record<string, Tree<Tensor>>>
  /** Empty when the solver has no learning rate to read. */
  readonly learningRate: Tensor | null
  readonly monitor: { readonly gradientNorm: Tensor; readonly updateRatio: Tensor } | null
  /** Whether the update was left out because loss or gradients were not finite, bool `[]`; `null` where that is an error. */
  readonly skipped: Tensor | null
}

export interface StepSettings<Params> {
  /** Micro-batches per update: the batch has one more axis in front. */
  readonly accumulate: number
  /** Added to the mean loss, such as an L2 penalty. */
  readonly penalty?: (params: Params) => Tensor
  /** Share of the old average that stays at each update. */
  readonly averageDecay?: number
  readonly monitor: boolean
  /** Leaves updates out whose loss or gradients are not finite. */
  readonly skipNonFinite: boolean
  /** Tells which parameters stay as they are. */
  readonly frozen?: (path: string) => boolean
}

const globalNorm = (tree: Tree<Tensor>): Tensor =>
  sqrt(
    leaves<Tensor>(tree)
      .map((leaf) => sum(square(leaf)))
      .reduce((total, part) => add(total, part)),
  )

interface Totals<Params, State> {
  readonly pass: Pass<State>
  readonly gradients: Params
}

const microBatch = (batch: SymbolicBatch, index: number, count: number): SymbolicBatch =>
  count === 1
    ? batch
    : (map(
        (leaf: Tensor) => squeeze(sliceAxis(leaf, 0, { start: index, end: index + 1 }), 0),
        batch as unknown as Tree<Tensor>,
      ) as unknown as SymbolicBatch)

const addTrees = <T>(left: T, right: T): T => map((a: Tensor, b: Tensor) => add(a, b), left as Tree<Tensor>, right as Tree<Tensor>) as T

/**
 * Gradients of Σ w·l over all micro-batches. Divided by Σ w they are those of one large batch, whatever the weights of the parts.
 */
const accumulateGradients = <Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  objective: Objective<Params, State>,
  state: TrainState<Params, State>,
  batch: SymbolicBatch,
  count: number,
): Totals<Params, State> => {
  const stepKey = foldIn(state.key, state.step)
  let totals: Totals<Params, State> | undefined
  for (let index = 0; index < count; index++) {
    const key = count === 1 ? stepKey : foldIn(stepKey, index)
    const model = totals?.pass.state ?? state.model
    const [[, pass], gradients] = valueAndGradWithAux((params: Params) => {
      const found = objective.pass(params, model, microBatch(batch, index, count), { training: true, key })
      return [found.total, found] as const
    })(state.params)
    totals =
      totals === undefined
        ? { pass, gradients }
        : { pass: addPasses(objective, totals.pass, pass), gradients: addTrees(totals.gradients, gradients) }
  }
  return totals as Totals<Params, State>
}

const addPasses = <Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  { metrics }: Objective<Params, State>,
  left: Pass<State>,
  right: Pass<State>,
): Pass<State> => ({
  total: add(left.total, right.total),
  weight: add(left.weight, right.weight),
  scalarLoss: left.scalarLoss,
  state: right.state,
  metrics: Object.fromEntries(
    Object.entries(metrics).map(([name, metric]) => [name, metric.combine(left.metrics[name] ?? null, right.metrics[name] ?? null)]),
  ),
})

const meanGradients = <Params extends Tree<Tensor>>(
  gradients: Params,
  weight: Tensor,
  params: Params,
  penalty?: (params: Params) => Tensor,
): Params => {
  // A batch without weight moves nothing.
  const safe = where(equal(weight, 0), 1, weight)
  const means = map((gradient: Tensor) => div(gradient, safe), gradients as Tree<Tensor>) as Params
  if (penalty === undefined) return means
  const [, own] = valueAndGradWithAux((p: Params) => [penalty(p), null] as const)(params)
  return addTrees(means, own)
}

/** Zeroes what must not move; the solver then sees no gradient there, and its update is dropped too. */
const freeze = <Params>(tree: Params, frozen?: (path: string) => boolean): Params =>
  frozen === undefined
    ? tree
    : (mapWithPath((path, leaf: Tensor) => (frozen(path) ? zerosLike(leaf) : leaf), tree as Tree<Tensor>) as Params)

const blend = <Params>(average: Params, params: Params, decay: number): Params =>
  map((old: Tensor, now: Tensor) => add(old, mul(sub(now, old), 1 - decay)), average as Tree<Tensor>, params as Tree<Tensor>) as Params

/** Takes the new state and sums where an update is sound; else all stays as it was but the count of updates. */
const unlessBroken = <Params, State>(
  isSound: Tensor,
  old: TrainState<Params, State>,
  next: TrainState<Params, State>,
  report: StepReport,
  emptyMetrics: StepReport['metrics'],
): readonly [TrainState<Params, State>, StepReport] => {
  const kept = map((a: Tensor, b: Tensor) => where(isSound, a, b), next as unknown as Tree<Tensor>, old as unknown as Tree<Tensor>)
  const metrics = map((a: Tensor, b: Tensor) => where(isSound, a, b), report.metrics as Tree<Tensor>, emptyMetrics as Tree<Tensor>)
  const loss = { total: where(isSound, report.loss.total, 0), weight: where(isSound, report.loss.weight, 0) }
  return [
    { ...(kept as unknown as TrainState<Params, State>), step: next.step },
    { ...report, loss, metrics: metrics as StepReport['metrics'], skipped: not(isSound) },
  ]
}

/**
 * Makes the whole update one pure function: forward, backward, transformations, new parameters.
 *
 * @returns a function of state and batch that gives the next state and a report
 */
export const makeStep =
  <Params extends Tree<Tensor>, State extends Tree<Tensor>>(
    objective: Objective<Params, State>,
    solver: GradientTransformation,
    settings: StepSettings<Params>,
  ) =>
  (state: TrainState<Params, State>, batch: SymbolicBatch): readonly [TrainState<Params, State>, StepReport] => {
    const { pass, gradients: sums } = accumulateGradients(objective, state, batch, settings.accumulate)
    const gradients = freeze(meanGradients(sums, pass.weight, state.params, settings.penalty), settings.frozen)
    const value = div(pass.total, where(equal(pass.weight, 0), 1, pass.weight))
    const [raw, solverState] = solver.update(gradients, state.solver as never, { params: state.params, value })
    const updates = freeze(map((update: Tensor) => mul(update, state.scale), raw as Tree<Tensor>) as Params, settings.frozen)
    const params = applyUpdates(state.params, updates) as Params
    const monitor = settings.monitor
      ? { gradientNorm: globalNorm(gradients), updateRatio: div(globalNorm(updates), add(globalNorm(state.params), 1e-12)) }
      : null
    const rate = learningRateOf(solver, state.solver, state.step)
    const next: TrainState<Params, State> = {
      ...state,
      params,
      model: pass.state,
      solver: solverState,
      step: add(state.step, 1),
      average: state.average === null ? null : blend(state.average, params, settings.averageDecay ?? 0.999),
    }
    const report: StepReport = {
      loss: { total: pass.total, weight: pass.weight },
      metrics: pass.metrics,
      learningRate: rate === null ? null : mul(rate, state.scale),
      monitor,
      skipped: null,
    }
    if (!settings.skipNonFinite) return [next, report]
    const empty = Object.fromEntries(Object.entries(objective.metrics).map(([name, metric]) => [name, metric.empty]))
    return unlessBroken(and(isFinite(value), isFinite(globalNorm(gradients))), state, next, report, empty)
  }
