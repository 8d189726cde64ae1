import type { Tree } from '@grad-ts/tree'
import { foldIn, key as keyOf } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import type { Checkpoints } from '../checkpoints/checkpoints.ts'
import type { Snapshot } from '../checkpoints/snapshot.ts'
import type { Example } from '../data/dataset.ts'
import type { Policy } from '../policies/policy.ts'
import { checkMetrics, checkSettings } from './check.ts'
import { composeUpdate } from './compose.ts'
import { makeEvaluator } from './evaluate.ts'
import type { Evaluator } from './evaluate.ts'
import type { StopReason } from './events.ts'
import { newMemory } from './memory.ts'
import type { RunMemory } from './memory.ts'
import type { Objective } from './objective.ts'
import type { CommonSettings } from './options.ts'
import { planRun } from './plan.ts'
import type { Plan } from './plan.ts'
import { memoryBudgetOf } from './gradient-checkpointing.ts'
import { openSession } from './session.ts'
import type { Session } from './session.ts'
import { countScalars } from './settings.ts'
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

/** Opens the folder of checkpoints, where there is to be one; what it takes is loaded only then. */
const openFolder = async <E extends Example, Params extends Tree<Tensor>>({ checkpoint }: CommonSettings<E, Params>, fresh: Snapshot) =>
  checkpoint === undefined ? undefined : (await import('../checkpoints/checkpoints.ts')).openCheckpoints(checkpoint, fresh)

/** Opens what a run needs: programs are compiled at their first use. */
export const openRun = async <E extends Example, Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  objective: Objective<Params, State>,
  settings: CommonSettings<E, Params>,
): Promise<Run<E, Params, State>> => {
  const { batchSize = 32, accumulate = 1, validation, policies = [], device } = settings
  checkSettings(settings, Object.keys(objective.metrics))
  checkMetrics(objective.metrics)
  const { step, state, freshSolver } = await composeUpdate(objective, settings)
  const scalars = countScalars(state.params)
  const plan = await planRun(objective, state.params, settings.data, {
    batchSize,
    accumulate,
    stepsPerRun: settings.stepsPerRun,
    scalars,
    ...(device === undefined ? {} : { device }),
  })
  const tallier = tallierOf(objective.metrics)
  const fresh: Snapshot = {
    state: state as unknown as Tree<Constant>,
    memory: newMemory(
      tallier.empty,
      policies.map(({ start }) => start),
    ),
    stop: undefined,
    settings: orderSettings(settings, plan),
  }
  const opened = await openFolder(settings, fresh)
  const begin = opened?.found ?? fresh
  return {
    settings,
    plan,
    session: openSession(step, begin.state, accumulate, settings, memoryBudgetOf(settings.gradientCheckpointing)),
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
    freshSolver,
    checkpoints: opened?.checkpoints,
    memory: begin.memory,
    stop: begin.stop,
  }
}

/** What decides the order of the data and the grouping of updates: a resumed run must share it. */
const orderSettings = <E extends Example, Params extends Tree<Tensor>>(
  { seed = 0, shuffle = true, data, policies = [], precision = 'float32' }: CommonSettings<E, Params>,
  { batchSize, accumulate, stepsPerRun }: Plan,
): Snapshot['settings'] => ({
  seed,
  shuffle,
  batchSize,
  accumulate,
  stepsPerRun,
  examples: data.size ?? 'unknown',
  policies: policies.map(({ name }) => name).join(','),
  ...(precision === 'float32' ? {} : { precision }),
})

/** What a run is made of right now. */
export const snapshotOf = async <E extends Example, Params extends Tree<Tensor>, State extends Tree<Tensor>>({
  session,
  memory,
  stop,
  settings,
  plan,
}: Run<E, Params, State>): Promise<Snapshot> => ({ state: await session.state(), memory, stop, settings: orderSettings(settings, plan) })
