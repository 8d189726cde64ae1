import { valueAndGrad } from '@grad-ts/autodiff'
import { applyUpdates, chain, clip, clipByGlobalNorm, globalL1Norm, globalMaxNorm, globalNorm, identity, partition } from '@grad-ts/optim'
import type { GradientTransformation } from '@grad-ts/optim'
import { abs, add, evaluate, pow, sum } from '@grad-ts/tensor'
import type { FloatDType, Tensor } from '@grad-ts/tensor'
import { leaves } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import { differenceOfNumbers, differenceOfTrees, elementsOf, exactBound, roundedBound } from '../optax/compare.ts'
import type { Bound, Rounding } from '../optax/compare.ts'
import { UnknownName } from '../optax/errors.ts'
import { tensorsOf } from '../optax/fixture.ts'
import type { FixtureTree, InputSet } from '../optax/fixture.ts'
import { objectiveOf } from '../optax/objective.ts'
import type { Objectives } from '../optax/objective.ts'
import { dtypeOf, runnerFor } from '../optax/run.ts'
import type { Way } from '../optax/run.ts'
import { resultOf } from '../optax/trajectory.ts'
import type { CaseResult } from '../result.ts'
import { checkArguments, reader } from './arguments.ts'
import type { Arguments } from './arguments.ts'
import { learningRateOf, optimizerOf } from './optimizers.ts'
import { ratesOf } from './schedulers.ts'

type Group = Arguments & { readonly params: readonly string[] }

interface TorchCase {
  readonly name: string
  readonly optimizer: string
  readonly args: Arguments
  readonly groups?: readonly Group[]
  readonly clip?: { readonly fn: string; readonly args: Arguments }
  readonly scheduler?: { readonly cls: string; readonly args: Arguments }
  readonly objective?: string
  readonly inputs: string
  readonly steps: number
  readonly f64: {
    readonly params: readonly FixtureTree[]
    readonly total_norm?: readonly number[]
    readonly loss_before?: readonly number[]
  }
  readonly f32_vs_f64?: Rounding
  readonly f32?: { readonly params: readonly FixtureTree[] }
}

interface TorchFile {
  readonly source?: { readonly version?: string }
  readonly inputs: Readonly<Record<string, InputSet>>
  readonly objectives?: Objectives
  readonly cases: readonly TorchCase[]
}

/** A rule for one group of parameters, with the rates that a scheduler gives it. */
const ruleFor = ({ optimizer, scheduler }: TorchCase, args: Arguments, group: number, version: number): GradientTransformation => {
  const base = learningRateOf(optimizer, args)
  if (scheduler === undefined) return optimizerOf(optimizer, args, { learningRate: base, version })
  const { learningRate, momentum } = ratesOf(scheduler.cls, scheduler.args, base, group)
  return optimizerOf(optimizer, args, { learningRate, momentum, version })
}

const grouped = (fixture: TorchCase, groups: readonly Group[], version: number): GradientTransformation => {
  const rules = groups.map((group, i): [string, GradientTransformation] => {
    const own = Object.fromEntries(Object.entries(group).filter(([key]) => key !== 'params'))
    return [`group ${i}`, ruleFor(fixture, { ...fixture.args, ...own }, i, version)]
  })
  return partition(Object.fromEntries(rules), (path) => {
    const owner = groups.findIndex(({ params }) => params.includes(path))
    if (owner === -1) throw new UnknownName(`no group has the parameter '${path}'`)
    return `group ${owner}`
  }) as GradientTransformation
}

interface Clip {
  readonly rule: GradientTransformation
  readonly norm?: (gradients: Tree<Tensor>) => Tensor
}

const normOf =
  (order: number) =>
  (tree: Tree<Tensor>): Tensor => {
    if (order === 2) return globalNorm(tree)
    if (order === Infinity) return globalMaxNorm(tree)
    if (order === 1) return globalL1Norm(tree)
    const powers = leaves(tree).map((leaf) => sum(pow(abs(leaf), order)))
    return pow(
      powers.reduce((a, b) => add(a, b)),
      1 / order,
    )
  }

const clipOf = ({ fn, args }: NonNullable<TorchCase['clip']>): Clip => {
  const read = reader(fn, args)
  switch (fn) {
    case 'clip_grad_norm_': {
      checkArguments(fn, args, ['max_norm', 'norm_type', 'error_if_nonfinite', 'foreach'])
      const type = (args['norm_type'] ?? 2) as number | string
      const order = type === 'inf' || type === 'Infinity' ? Infinity : Number(type)
      const rule = clipByGlobalNorm(read.number('max_norm'), { order, dialect: 'torch' })
      return { rule: rule as GradientTransformation, norm: normOf(order) }
    }
    case 'clip_grad_value_':
      checkArguments(fn, args, ['clip_value', 'foreach'])
      return { rule: clip(read.number('clip_value')) as GradientTransformation }
    default:
      throw new UnknownName(`no clipping function '${fn}' here`)
  }
}

// These keep a product or a step size in float32 inside, even for float64 parameters.
const heldInFloat32 = ['NAdam', 'ASGD']

/** How far PyTorch's float32 is from its float64, where the fixture does not say it. */
const roundingOf = ({ f64, f32, f32_vs_f64: given }: TorchCase): Rounding => {
  if (given !== undefined) return given
  const [wide, narrow] = [f64.params, f32?.params ?? f64.params].map((list) => list.flatMap((tree) => numbersIn(tree)))
  const gaps = (wide as number[]).map((value, i) => Math.abs(value - ((narrow as number[])[i] as number)))
  const relative = gaps.map((gap, i) => gap / Math.max(Math.abs((wide as number[])[i] as number), 1e-3))
  return { max_abs: Math.max(...gaps), max_rel: Math.max(...relative) }
}

const numbersIn = (tree: unknown): number[] => {
  if (Array.isArray(tree)) return tree.flatMap(numbersIn)
  return typeof tree === 'object' && tree !== null ? Object.values(tree).flatMap(numbersIn) : [Number(tree)]
}

const boundFor = (way: Way, fixture: TorchCase): Bound => {
  if (way !== 'float64') return roundedBound(roundingOf(fixture))
  return heldInFloat32.includes(fixture.optimizer) ? (wanted, largest) => 3e-7 * Math.max(Math.abs(wanted), 0.1 * largest) : exactBound
}

type LossAndGradient = (params: Tree<Tensor>) => readonly [Tensor, Tree<Tensor>]

/** The objective of a case with its gradient, if the gradients are not given. */
const lossAndGradient = ({ objectives }: TorchFile, { objective }: TorchCase, dtype: FloatDType): LossAndGradient | undefined =>
  objective === undefined ? undefined : (valueAndGrad(objectiveOf(objectives, objective, dtype) as never) as unknown as LossAndGradient)

type Batch = { readonly params: Tree<Tensor>; readonly state: Tree<Tensor>; readonly gradients: Tree<Tensor> }
type Step = { readonly params: Tree<Tensor>; readonly state: Tree<Tensor>; readonly norm: Tree<Tensor>; readonly loss: Tree<Tensor> }

const replayIn = async (way: Way, file: TorchFile, fixture: TorchCase): Promise<string | undefined> => {
  const dtype = dtypeOf(way)
  const version = Number.parseFloat(file.source?.version ?? '2')
  const { rule: clipRule, norm } = fixture.clip === undefined ? { rule: identity(), norm: undefined } : clipOf(fixture.clip)
  const optimizer = fixture.groups === undefined ? ruleFor(fixture, fixture.args, 0, version) : grouped(fixture, fixture.groups, version)
  const rule = chain(clipRule, optimizer) as GradientTransformation
  const { params: given, grads } = file.inputs[fixture.inputs] as InputSet
  const objective = lossAndGradient(file, fixture, dtype)
  const runner = runnerFor<Batch, Step>(way, ({ params, state, gradients }) => {
    const [loss, found] = objective?.(params) ?? [null, gradients]
    const [updates, next] = rule.update(found, state, { params })
    return { params: applyUpdates(params, updates), state: next, norm: norm?.(found) ?? null, loss }
  })
  const bound = boundFor(way, fixture)
  let params = tensorsOf(given, dtype)
  let state: Tree<Tensor> = evaluate(rule.init(params))
  try {
    for (let t = 0; t < fixture.steps; t++) {
      const step = (await runner.call({ params, state, gradients: tensorsOf(grads[t] as FixtureTree, dtype) })) as Step
      const { params: wanted, total_norm: norms, loss_before: losses } = fixture.f64
      const compare = (what: string, found: Tree<Tensor>, numbers: readonly number[] | undefined): string | undefined =>
        numbers === undefined ? undefined : differenceOfNumbers(`${way}: ${what} ${t}`, elementsOf(found), [Number(numbers[t])], bound)
      const difference =
        differenceOfTrees(`${way}: params ${t}`, step.params, wanted[t], bound) ??
        compare('norm', step.norm, norms) ??
        compare('loss', step.loss, losses)
      if (difference !== undefined) return difference
      ;({ params, state } = step)
    }
    return undefined
  } finally {
    await runner.dispose()
  }
}

/** Replays optimizer runs of PyTorch in float64, in float32 and compiled. */
export async function* replayTorchTrajectories(file: TorchFile): AsyncIterable<CaseResult> {
  for (const fixture of file.cases) yield await resultOf(fixture.name, (way) => replayIn(way, file, fixture))
}
