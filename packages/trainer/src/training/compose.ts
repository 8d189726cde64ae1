import type { Tree } from '@grad-ts/tree'
import { foldIn, key as keyOf, scalar } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { SettingsError } from '../errors.ts'
import { settle } from '../internal/settle.ts'
import type { Step } from './executor.ts'
import type { Objective } from './objective.ts'
import type { UpdateOptions } from './options.ts'
import { checkPrecision, scaledSolver } from './precision.ts'
import type { PrecisionSettings } from './precision.ts'
import { checkPatterns, groupedSolver, pathTest } from './parameter-groups.ts'
import { solverOf } from './solver.ts'
import { makeStep } from './step.ts'
import type { TrainState } from './step.ts'

/** An update and the state that it starts from: what `fit` and training sessions are made of. */
export interface Composed<Params, State> {
  readonly step: Step
  readonly state: TrainState<Params, State>
  /** The solver's state before the first update. */
  readonly freshSolver: (params: Params) => Tree<Constant>
}

/** Puts objective, solver and settings together as one update. */
export const composeUpdate = async <Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  objective: Objective<Params, State>,
  settings: UpdateOptions<Params> & PrecisionSettings & { readonly accumulate?: number },
): Promise<Composed<Params, State>> => {
  const { seed = 0, average, freeze, groups = [], penalty, accumulate = 1 } = settings
  checkPrecision(settings)
  if (average !== undefined && !(average.decay >= 0 && average.decay < 1))
    throw new SettingsError('average.decay', 'a number from 0 to below 1', String(average.decay))
  const params = settle(objective.init(foldIn(keyOf(seed), 0)))
  if (Array.isArray(freeze)) checkPatterns('freeze', freeze, params)
  const solver = scaledSolver(await groupedSolver(await solverOf('solver', settings.solver), groups, params), settings, params)
  const freshSolver = (from: Params): Tree<Constant> => settle(solver.init(from)) as Tree<Constant>
  const step = makeStep(objective, solver, {
    accumulate,
    monitor: settings.monitor ?? false,
    skipNonFinite: settings.onNonFinite === 'skip',
    ...(penalty === undefined ? {} : { penalty }),
    ...(average === undefined ? {} : { averageDecay: average.decay }),
    ...(freeze === undefined ? {} : { frozen: pathTest(freeze) }),
  })
  return {
    step: step as unknown as Step,
    freshSolver,
    state: settle({
      params,
      model: objective.initState(),
      solver: freshSolver(params),
      step: scalar(0, 'int32'),
      key: foldIn(keyOf(seed), 2),
      average: average === undefined ? null : params,
      scale: scalar(1),
    }),
  }
}
