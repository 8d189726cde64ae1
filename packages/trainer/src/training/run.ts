import type { Tree } from '@grad-ts/tree'
import { foldIn, key as keyOf, scalar } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import type { GradientTransformation } from '@grad-ts/optim'
import type { Checkpoints } from '../checkpoints/checkpoints.ts'
import type { Snapshot } from '../checkpoints/snapshot.ts'
import type { Example } from '../data/dataset.ts'
import { settle } from '../internal/settle.ts'
import type { Policy } from '../policies/policy.ts'
import { makeEvaluator } from './evaluate.ts'
import type { Evaluator } from './evaluate.ts'
import type { StopReason } from './events.ts'
import { newMemory } from './memory.ts'
import type { RunMemory } from './memory.ts'
import type { Objective } from './objective.ts'
import type { CommonSettings, SolverSpec } from './options.ts'
import { pathTest } from './patterns.ts'
import { planRun } from './plan.ts'
import type { Plan } from './plan.ts'
import { openSession } from './session.ts'
import type { Session } from './session.ts'
import type { Step } from './executor.ts'
import { countScalars, positiveInteger } from './settings.ts'
import { makeStep } from './step.ts'
import type { TrainState } from './step.ts'
import { tallierOf } from './tally.ts'
import type { Tallier } from './tally.ts'

/** Everything that is open while a run goes on. */
export interface Run<E extends Example, Params extends Tree<Tensor>, State extends Tree<Tensor>> {
  readonly settings: CommonSettings<E, Params>
  readonly plan: Plan
  readonly session: Session
  readonly evaluator: Evaluator<Params, State> | undefined
  readonly tallier: Tallier
  readonly policies: readonly Policy[]
  /** Draws the order of an epoch. */
  readonly orderKey: Tensor
  readonly scalars: number
  /** The solver's state before the first update. */
  readonly freshSolver: (params: Params) => Tree<Constant>
  /** Saves the run, where it is to be saved. */
  readonly checkpoints: Checkpoints | undefined
  memory: RunMemory
  stop: StopReason | undefined
}

/**
 * Makes the solver of a spec; the decoder is loaded only then.
 *
 * @throws {SpecError} with the path, what was expected and what came
 */
const solverOf = async (solver: GradientTransformation | SolverSpec): Promise<GradientTransformation> => {
  if (typeof (solver as SolverSpec)['update'] === 'function') return solver as GradientTransformation
  const { decodeOrThrow } = await import('@grad-ts/optim/specs')
  return decodeOrThrow(solver)
}

/** Draws the state that a run starts from. */
const initialState = <E extends Example, Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  objective: Objective<Params, State>,
  solver: GradientTransformation,
  { seed = 0, average }: CommonSettings<E, Params>,
): TrainState<Params, State> => {
  const params = settle(objective.init(foldIn(keyOf(seed), 0)))
  return settle({
    params,
    model: objective.initState(),
    solver: solver.init(params),
    step: scalar(0, 'int32'),
    key: foldIn(keyOf(seed), 2),
    average: average === undefined ? null : params,
    scale: scalar(1),
  })
}

/** Opens what a run needs: programs are compiled at their first use. */
export const openRun = async <E extends Example, Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  objective: Objective<Params, State>,
  settings: CommonSettings<E, Params>,
): Promise<Run<E, Params, State>> => {
  const batchSize = positiveInteger('batchSize', settings.batchSize ?? 32)
  const accumulate = positiveInteger('accumulate', settings.accumulate ?? 1)
  positiveInteger(settings.epochs === undefined ? 'steps' : 'epochs', settings.epochs ?? settings.steps)
  const solver = await solverOf(settings.solver)
  const state = initialState(objective, solver, settings)
  const scalars = countScalars(state.params)
  const plan = await planRun(objective, state.params, settings.data, {
    batchSize,
    accumulate,
    stepsPerRun: settings.stepsPerRun,
    scalars,
    ...(settings.device === undefined ? {} : { device: settings.device }),
  })
  const step = makeStep(objective, solver, {
    accumulate,
    monitor: settings.monitor ?? false,
    skipNonFinite: settings.onNonFinite === 'skip',
    ...(settings.penalty === undefined ? {} : { penalty: settings.penalty }),
    ...(settings.average === undefined ? {} : { averageDecay: settings.average.decay }),
    ...(settings.freeze === undefined ? {} : { frozen: pathTest(settings.freeze) }),
  })
  const { validation } = settings
  const tallier = tallierOf(objective.metrics)
  const policies = settings.policies ?? []
  const fresh: Snapshot = {
    state: state as unknown as Tree<Constant>,
    memory: newMemory(
      tallier.empty,
      policies.map(({ start }) => start),
    ),
    stop: undefined,
    settings: orderSettings(settings, plan),
  }
  const opened =
    settings.checkpoint === undefined
      ? undefined
      : await (await import('../checkpoints/checkpoints.ts')).openCheckpoints(settings.checkpoint, fresh)
  const begin = opened?.found ?? fresh
  return {
    settings,
    plan,
    session: openSession(step as unknown as Step, begin.state, accumulate, settings),
    evaluator:
      validation === undefined
        ? undefined
        : makeEvaluator(objective, validation.data, {
            ...settings,
            batchSize: validation.batchSize ?? batchSize,
            batchesPerRun: plan.stepsPerRun,
            pad: plan.pad,
          }),
    tallier,
    policies,
    orderKey: foldIn(keyOf(settings.seed ?? 0), 1),
    scalars,
    freshSolver: (params) => settle(solver.init(params)) as Tree<Constant>,
    checkpoints: opened?.checkpoints,
    memory: begin.memory,
    stop: begin.stop,
  }
}

/** What decides the order of the data and the grouping of updates: a resumed run must share it. */
const orderSettings = <E extends Example, Params extends Tree<Tensor>>(
  { seed = 0, shuffle = true, data, policies = [] }: CommonSettings<E, Params>,
  { batchSize, accumulate, stepsPerRun }: Plan,
): Snapshot['settings'] => ({
  seed,
  shuffle,
  batchSize,
  accumulate,
  stepsPerRun,
  examples: data.size ?? 'unknown',
  policies: policies.map(({ name }) => name).join(','),
})

/** What a run is made of right now. */
export const snapshotOf = async <E extends Example, Params extends Tree<Tensor>, State extends Tree<Tensor>>({
  session,
  memory,
  stop,
  settings,
  plan,
}: Run<E, Params, State>): Promise<Snapshot> => ({ state: await session.state(), memory, stop, settings: orderSettings(settings, plan) })

/** The parameters that are worth keeping: the average where one is kept. */
export const bestParams = <Params, State>(state: TrainState<Params, State>): Params => state.average ?? state.params
