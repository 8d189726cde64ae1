import { leaves, map, mapWithPath } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { add, and, div, equal, greater, isFinite, mul, not, or, sqrt, square, sub, sum, where, zerosLike } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { applyUpdates, lossScalingOf } from '@grad-ts/optim'
import type { GradientTransformation } from '@grad-ts/optim'
import { meanGradients } from './gradients.ts'
import type { GradientSettings } from './gradients.ts'
import { learningRateOf } from './learning-rate.ts'
import type { Objective, SymbolicBatch } from './objective.ts'

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
  /** The factor of the loss; `null` when it is not scaled. */
  readonly lossScale: Tensor | null
  /** Whether the update was left out because loss or gradients were not finite, bool `[]`; `null` where that is an error. */
  readonly skipped: Tensor | null
}

export interface StepSettings<Params> extends GradientSettings<Params> {
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

/** Zeroes what must not move; the solver then sees no gradient there, and its update is dropped too. */
const freeze = <Params>(tree: Params, frozen?: (path: string) => boolean): Params =>
  frozen === undefined
    ? tree
    : (mapWithPath((path, leaf: Tensor) => (frozen(path) ? zerosLike(leaf) : leaf), tree as Tree<Tensor>) as Params)

const blend = <Params>(average: Params, params: Params, decay: number): Params =>
  map((old: Tensor, now: Tensor) => add(old, mul(sub(now, old), 1 - decay)), average as Tree<Tensor>, params as Tree<Tensor>) as Params

const either = <T>(condition: Tensor, whenTrue: T, whenFalse: T): T =>
  map((a: Tensor, b: Tensor) => where(condition, a, b), whenTrue as Tree<Tensor>, whenFalse as Tree<Tensor>) as T

type Stepped<Params, State> = readonly [TrainState<Params, State>, StepReport]

/** Takes the new state and sums where an update is sound; else all stays as it was but the count of updates. */
const unlessBroken = <Params, State>(
  isSound: Tensor,
  old: TrainState<Params, State>,
  [next, report]: Stepped<Params, State>,
  emptyMetrics: StepReport['metrics'],
): Stepped<Params, State> => {
  const loss = { total: where(isSound, report.loss.total, 0), weight: where(isSound, report.loss.weight, 0) }
  const metrics = either(isSound, report.metrics, emptyMetrics)
  return [
    { ...either(isSound, next, old), step: next.step },
    { ...report, loss, metrics, skipped: not(isSound) },
  ]
}

/**
 * Where gradients overflowed, the solver has left its update out and made the scale smaller; what else an update moves stays too.
 * Loss and metrics count unless they overflowed themselves.
 */
const unlessOverflowed = <Params, State>(
  overflowed: Tensor,
  old: TrainState<Params, State>,
  [next, report]: Stepped<Params, State>,
  emptyMetrics: StepReport['metrics'],
): Stepped<Params, State> => {
  const counts = or(not(overflowed), isFinite(report.loss.total))
  const loss = { total: where(counts, report.loss.total, 0), weight: where(counts, report.loss.weight, 0) }
  const kept = { model: either(overflowed, old.model, next.model), average: either(overflowed, old.average, next.average) }
  return [
    { ...next, ...kept },
    { ...report, loss, metrics: either(counts, report.metrics, emptyMetrics), skipped: overflowed },
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
  (state: TrainState<Params, State>, batch: SymbolicBatch): Stepped<Params, State> => {
    const scaling = lossScalingOf(state.solver)
    const { pass, gradients: found } = meanGradients(objective, state, batch, settings, scaling?.lossScale)
    const gradients = freeze(found, settings.frozen)
    const value = div(pass.total, where(equal(pass.weight, 0), 1, pass.weight))
    const [raw, solverState] = solver.update(gradients, state.solver as never, { params: state.params, value })
    const updates = freeze(map((update: Tensor) => mul(update, state.scale), raw as Tree<Tensor>) as Params, settings.frozen)
    const params = applyUpdates(state.params, updates) as Params
    const norm = globalNorm(gradients)
    const monitor = settings.monitor
      ? {
          gradientNorm: scaling === null ? norm : div(norm, scaling.lossScale),
          updateRatio: div(globalNorm(updates), add(globalNorm(state.params), 1e-12)),
        }
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
      lossScale: scaling === null ? null : scaling.lossScale,
      skipped: null,
    }
    const empty = Object.fromEntries(Object.entries(objective.metrics).map(([name, metric]) => [name, metric.empty]))
    if (scaling?.skipped !== undefined) {
      const overflowed = greater(lossScalingOf(solverState)?.skipped as Tensor, scaling.skipped)
      return unlessOverflowed(overflowed, state, [next, report], empty)
    }
    if (!settings.skipNonFinite) return [next, report]
    return unlessBroken(and(isFinite(value), isFinite(norm)), state, [next, report], empty)
  }
