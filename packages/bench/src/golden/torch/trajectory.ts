import { applyUpdates, chain, clip, clipByGlobalNorm, partition } from '@grad-ts/optim'
import type { GradientTransformation, Schedule } from '@grad-ts/optim'
import { evaluate, tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { differenceOfNumbers, differenceOfTrees, elementsOf, exactBound, roundedBound } from '../optax/compare.ts'
import type { Rounding } from '../optax/compare.ts'
import { UnknownName } from '../optax/errors.ts'
import { tensorsOf } from '../optax/fixture.ts'
import type { FixtureTree, InputSet } from '../optax/fixture.ts'
import { dtypeOf, runnerFor } from '../optax/run.ts'
import type { Way } from '../optax/run.ts'
import { resultOf } from '../optax/trajectory.ts'
import type { CaseResult } from '../result.ts'
import { optimizerOf } from './optimizers.ts'
import type { Arguments } from './optimizers.ts'
import { momentumOf, rateOf } from './schedulers.ts'
import type { Scheduler } from './schedulers.ts'

type Group = Arguments & { readonly params: readonly string[] }

interface TorchCase {
  readonly name: string
  readonly optimizer: string
  readonly args: Arguments
  readonly inputs: string
  readonly steps: number
  readonly groups?: readonly Group[]
  readonly clip?: { readonly fn: string; readonly args: Arguments }
  readonly scheduler?: Scheduler
  readonly f64: { readonly params: readonly FixtureTree[]; readonly lr?: readonly (readonly number[])[] }
  readonly f32_vs_f64?: Rounding
}

interface TorchFile {
  readonly source: { readonly version: string }
  readonly inputs: Readonly<Record<string, InputSet>>
  readonly cases: readonly TorchCase[]
}

const clips: Readonly<Record<string, (args: Arguments) => GradientTransformation>> = {
  clip_grad_norm_: ({ max_norm: maxNorm, norm_type: order = 2 }) =>
    clipByGlobalNorm(maxNorm as number, {
      order: order === 'inf' ? Infinity : (order as number),
      dialect: 'torch',
    }) as GradientTransformation,
  clip_grad_value_: ({ clip_value: value }) => clip(value as number) as GradientTransformation,
}

const clipOf = ({ fn, args }: NonNullable<TorchCase['clip']>): GradientTransformation => {
  const make = clips[fn]
  if (make === undefined) throw new UnknownName(`no clipping function '${fn}' here`)
  return make(args)
}

/** PyTorch before 2.0 multiplies a momentum value of NAdam twice. */
const ofVersion = (version: string, optimizer: string, args: Arguments): Arguments =>
  optimizer === 'NAdam' && version.startsWith('1.') ? { ...args, doubled_product: true } : args

const ratesOf = ({ scheduler, args, groups = [{ params: [] }] }: TorchCase): readonly (Schedule | undefined)[] =>
  groups.map((group) =>
    scheduler === undefined ? undefined : rateOf(scheduler, ((group as Arguments)['lr'] ?? args['lr'] ?? 1e-3) as number),
  )

/** The rule of a whole run: clipping over all gradients, then each group with its own arguments. */
const ruleOf = (fixture: TorchCase, version: string): GradientTransformation => {
  const { optimizer, args, groups, scheduler } = fixture
  const momentum = scheduler === undefined ? undefined : momentumOf(scheduler)
  const rates = ratesOf(fixture)
  const make = (own: Arguments, i: number) =>
    optimizerOf(optimizer, ofVersion(version, optimizer, { ...args, ...own }), { learningRate: rates[i], momentum })
  const before = fixture.clip === undefined ? [] : [clipOf(fixture.clip)]
  if (groups === undefined) return chain(...before, make({}, 0)) as unknown as GradientTransformation
  const named = Object.fromEntries(groups.map(({ params: _, ...own }, i) => [`group ${i}`, make(own, i)]))
  const labelOf = (path: string) =>
    `group ${groups.findIndex(({ params }) => params.some((name) => path === name || path.startsWith(`${name}.`)))}`
  return chain(...before, partition(named, labelOf) as unknown as GradientTransformation) as unknown as GradientTransformation
}

type Batch = { readonly params: Tree<Tensor>; readonly state: Tree<Tensor>; readonly grads: Tree<Tensor> }
type Step = { readonly params: Tree<Tensor>; readonly state: Tree<Tensor> }

// Held in float32 by PyTorch whatever the parameters are.
const float32Inside = new Set(['NAdam', 'ASGD'])

const boundOf = (way: Way, { optimizer, f32_vs_f64: rounding }: TorchCase) => {
  if (way !== 'float64') return roundedBound(rounding)
  return float32Inside.has(optimizer) ? (wanted: number) => 3e-7 * Math.max(Math.abs(wanted), 1e-2) : exactBound
}

const checkRates = async (fixture: TorchCase): Promise<string | undefined> => {
  const wanted = fixture.f64.lr
  if (wanted === undefined) return undefined
  const found = wanted.map((_, t) =>
    ratesOf(fixture).map(
      (rate) => elementsOf(evaluate((rate as Schedule)(tensor(Int32Array.of(t), { shape: [] }), 'float64')))[0] as number,
    ),
  )
  return differenceOfNumbers('lr', found.flat(), wanted.flat(), exactBound)
}

const replayIn = async (way: Way, file: TorchFile, fixture: TorchCase): Promise<string | undefined> => {
  const dtype = dtypeOf(way)
  const rule = ruleOf(fixture, file.source.version)
  const { params: given, grads } = file.inputs[fixture.inputs] as InputSet
  let params: Tree<Tensor> = tensorsOf(given, dtype)
  let state: Tree<Tensor> = evaluate(rule.init(params))
  const runner = runnerFor<Batch, Step>(way, (batch) => {
    const [updates, next] = rule.update(batch.grads, batch.state, { params: batch.params })
    return { params: applyUpdates(batch.params, updates), state: next }
  })
  try {
    for (let t = 0; t < fixture.steps; t++) {
      const step = (await runner.call({ params, state, grads: tensorsOf(grads[t] as FixtureTree, dtype) })) as Step
      const difference = differenceOfTrees(`${way}: params ${t}`, step.params, fixture.f64.params[t], boundOf(way, fixture))
      if (difference !== undefined) return difference
      ;({ params, state } = step)
    }
    return way === 'float64' ? checkRates(fixture) : undefined
  } finally {
    await runner.dispose()
  }
}

/** Replays optimizer runs of PyTorch in float64, in float32 and compiled. */
export async function* replayTorchTrajectories(file: TorchFile): AsyncIterable<CaseResult> {
  for (const fixture of file.cases) yield await resultOf(fixture.name, (way) => replayIn(way, file, fixture))
}
