import { grad } from '@grad-ts/autodiff'
import { applyUpdates, hasUpdated, lookaheadParams, scheduleFreeEvalParams } from '@grad-ts/optim'
import type { GradientTransformation, UpdateContext } from '@grad-ts/optim'
import { cast, evaluate, tensor } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import { get, paths } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { messageOf } from '../result.ts'
import type { CaseResult } from '../result.ts'
import { differenceOfNumbers, differenceOfTrees, elementsOf, exactBound, roundedBound, roundedUpdateBound } from './compare.ts'
import type { Rounding } from './compare.ts'
import { NotCovered, UnknownName } from './errors.ts'
import { flatNumbers, tensorsOf, without } from './fixture.ts'
import type { FixtureTree, InputSet } from './fixture.ts'
import { camelCase } from '../spelling.ts'
import { transformationOf } from './names.ts'
import { objectiveOf } from './objective.ts'
import type { Objectives } from './objective.ts'
import { dtypeOf, runnerFor, ways } from './run.ts'
import type { Way } from './run.ts'

interface Results {
  readonly updates: readonly FixtureTree[]
  readonly params: readonly FixtureTree[]
  readonly has_updated?: readonly boolean[]
  readonly hyperparams?: readonly Readonly<Record<string, number>>[]
  readonly eval_params?: readonly FixtureTree[]
  readonly state_scale?: readonly number[]
}

interface TrajectoryCase {
  readonly name: string
  readonly tx: unknown
  readonly inputs: string
  readonly steps: number
  readonly extra?: { readonly value: readonly number[] }
  readonly drop?: readonly string[]
  readonly objective?: string
  readonly wrapper?: string
  readonly set_hyperparams?: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly f64: Results
  readonly f32: Results
  readonly f32_vs_f64?: Rounding
}

interface TrajectoryFile {
  readonly inputs: Readonly<Record<string, InputSet>>
  readonly objectives?: Objectives
  readonly cases: readonly TrajectoryCase[]
}

type Batch = { readonly params: Tree<Tensor>; readonly state: Tree<Tensor>; readonly grads: Tree<Tensor>; readonly value: Tensor }

/** What one step gives; entries that the wrapper does not know are empty trees. */
type Step = {
  readonly params: Tree<Tensor>
  readonly state: Tree<Tensor>
  readonly updates: Tree<Tensor>
  readonly shown: Tree<Tensor>
}

/** Finds the scale of a plateau rule wherever it stands in the state. */
const scaleIn = (state: Tree<Tensor>): Tree<Tensor> => {
  const path = paths(state).find((each) => each.endsWith('scale'))
  return path === undefined ? null : get(state, path)
}

const shownBy = (wrapper: string | undefined, results: Results, state: Tree<Tensor>, params: Tree<Tensor>): Tree<Tensor> => {
  if (results.state_scale !== undefined) return scaleIn(state)
  switch (wrapper) {
    case 'multi_steps':
      return cast(hasUpdated(state as never), 'int32')
    case 'inject':
      return (state as { readonly hyperparams: Tree<Tensor> }).hyperparams
    case 'schedule_free':
      return scheduleFreeEvalParams(state as never, params)
    default:
      return null
  }
}

/** The gradient of the objective, for the rules that take it themselves. */
const gradientIn = (file: TrajectoryFile, fixture: TrajectoryCase, dtype: FloatDType): Pick<UpdateContext, 'gradient'> => {
  if (fixture.objective === undefined) return {}
  const objective = objectiveOf(file.objectives, fixture.objective, dtype)
  return { gradient: (params) => grad(objective as never)(params as never) as Tree<Tensor> }
}

const stepOf =
  (rule: GradientTransformation, file: TrajectoryFile, fixture: TrajectoryCase, dtype: FloatDType) =>
  ({ params, state, grads, value }: Batch): Step => {
    const objective = gradientIn(file, fixture, dtype)
    const gradients = objective.gradient?.(params) ?? grads
    const [updates, next] = rule.update(gradients, state, { params, value, ...objective })
    const after = applyUpdates(params, updates)
    return { params: after, state: next, updates, shown: shownBy(fixture.wrapper, fixture.f64, next, after) }
  }

const overridden = (state: Tree<Tensor>, values: Readonly<Record<string, number>> | undefined, dtype: FloatDType): Tree<Tensor> => {
  if (values === undefined) return state
  const injected = state as { readonly hyperparams: Readonly<Record<string, Tensor>> }
  const changed = Object.fromEntries(Object.entries(values).map(([key, value]) => [camelCase(key), tensor(value, { dtype })]))
  return { ...injected, hyperparams: { ...injected.hyperparams, ...changed } } as unknown as Tree<Tensor>
}

const checkShown = (results: Results, t: number, step: Step, way: Way, rounding: Rounding | undefined): string | undefined => {
  const bound = way === 'float64' ? exactBound : roundedBound(rounding)
  if (results.has_updated !== undefined)
    return differenceOfNumbers(`has_updated ${t}`, elementsOf(step.shown), [Number(results.has_updated[t])], bound)
  if (results.state_scale !== undefined) return differenceOfTrees(`state_scale ${t}`, step.shown, results.state_scale[t], bound)
  if (results.eval_params !== undefined) return differenceOfTrees(`eval_params ${t}`, step.shown, results.eval_params[t], bound)
  const wanted = results.hyperparams?.[t]
  if (wanted === undefined) return undefined
  const found = step.shown as Readonly<Record<string, Tensor>>
  return Object.entries(wanted)
    .map(([key, value]) => {
      const own = found[camelCase(key === 'eps_in_sqrt' ? 'eps_in_root' : key)]
      return own === undefined
        ? `hyperparams ${t}: no ${key}`
        : differenceOfNumbers(`${key} ${t}`, elementsOf(own), flatNumbers(value), bound)
    })
    .find((message) => message !== undefined)
}

const check = (fixture: TrajectoryCase, t: number, step: Step, way: Way): string | undefined => {
  const { f64, f32, f32_vs_f64: rounding } = fixture
  const exact = way === 'float64'
  return (
    differenceOfTrees(
      `${way}: updates ${t}`,
      step.updates,
      f64.updates[t],
      exact ? exactBound : roundedUpdateBound(f32.updates[t], f64.updates[t]),
    ) ??
    differenceOfTrees(`${way}: params ${t}`, step.params, f64.params[t], exact ? exactBound : roundedBound(rounding)) ??
    checkShown(f64, t, step, way, rounding)
  )
}

const replayIn = async (way: Way, file: TrajectoryFile, fixture: TrajectoryCase): Promise<string | undefined> => {
  const dtype = dtypeOf(way)
  const rule = transformationOf(fixture.tx)
  const { params: given, grads } = file.inputs[fixture.inputs] as InputSet
  const drop = fixture.drop ?? []
  const start = tensorsOf(without(given, drop), dtype)
  let params: Tree<Tensor> = fixture.wrapper === 'lookahead' ? lookaheadParams(start) : start
  let state: Tree<Tensor> = evaluate(rule.init(params))
  const runner = runnerFor<Batch, Step>(way, stepOf(rule, file, fixture, dtype))
  try {
    for (let t = 0; t < fixture.steps; t++) {
      state = overridden(state, fixture.set_hyperparams?.[t], dtype)
      const value = tensor(fixture.extra?.value[t] ?? 0, { dtype })
      const step = (await runner.call({ params, state, grads: tensorsOf(without(grads[t] as FixtureTree, drop), dtype), value })) as Step
      const difference = check(fixture, t, step, way)
      if (difference !== undefined) return difference
      ;({ params, state } = step)
    }
    return undefined
  } finally {
    await runner.dispose()
  }
}

/** Runs a replay in all ways and says what came of it. */
export const resultOf = async (name: string, replay: (way: Way) => Promise<string | undefined>): Promise<CaseResult> => {
  try {
    for (const way of ways) {
      const reason = await replay(way)
      if (reason !== undefined) return { name, status: 'failed', reason }
    }
    return { name, status: 'passed' }
  } catch (error) {
    const status = error instanceof NotCovered ? 'skipped' : error instanceof UnknownName ? 'unknown' : 'failed'
    return { name, status, reason: messageOf(error) }
  }
}

/** Replays optimizer runs of optax in float64, in float32 and compiled. */
export async function* replayTrajectories(file: TrajectoryFile): AsyncIterable<CaseResult> {
  for (const fixture of file.cases) yield await resultOf(fixture.name, (way) => replayIn(way, file, fixture))
}
