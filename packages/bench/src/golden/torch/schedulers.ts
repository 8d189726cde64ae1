import {
  chain,
  constant,
  cosineAnnealing,
  cyclic,
  exponentialDecay,
  join,
  linear,
  oneCycle,
  piecewiseConstant,
  polynomial,
  product,
  reduceOnPlateau,
  scale,
  warmRestarts,
} from '@grad-ts/optim'
import type { GradientTransformation, Schedule } from '@grad-ts/optim'
import { asTensor, evaluate, tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { differenceOfNumbers, elementsOf } from '../optax/compare.ts'
import { UnknownName } from '../optax/errors.ts'
import { dtypeOf, runnerFor } from '../optax/run.ts'
import type { Way } from '../optax/run.ts'
import { resultOf } from '../optax/trajectory.ts'
import type { CaseResult } from '../result.ts'

type Arguments = Readonly<Record<string, unknown>>

/** A scheduler of PyTorch with its arguments. */
export interface Scheduler {
  readonly cls: string
  readonly args: Arguments
}

const given = (args: Arguments, name: string, otherwise: number): number => (args[name] ?? otherwise) as number

/** A value until some steps are made, then another. */
const until = (steps: number, before: number, after: number): Schedule => join([constant(before), constant(after)], [steps])

const perEpoch = ({ total_steps: total, epochs, steps_per_epoch: steps }: Arguments): number =>
  (total ?? (epochs as number) * (steps as number)) as number

const cycleOf = (args: Arguments, initValue: number, peakValue: number, endValue: number): Schedule =>
  oneCycle({
    initValue,
    peakValue,
    endValue,
    totalSteps: perEpoch(args),
    pctStart: given(args, 'pct_start', 0.3),
    interpolation: args['anneal_strategy'] === 'linear' ? 'linear' : 'cosine',
    threePhase: (args['three_phase'] ?? false) as boolean,
  })

const oneCycleRate = (args: Arguments): Schedule => {
  const peak = args['max_lr'] as number
  const start = peak / given(args, 'div_factor', 25)
  return cycleOf(args, start, peak, start / given(args, 'final_div_factor', 1e4))
}

const modes = { triangular: 'triangular', triangular2: 'triangular2', exp_range: 'expRange' } as const

const cyclicOf = (args: Arguments, baseValue: number, maxValue: number, inverse: boolean): Schedule =>
  cyclic({
    baseValue,
    maxValue,
    stepsUp: given(args, 'step_size_up', 2000),
    stepsDown: (args['step_size_down'] ?? null) as number | null,
    mode: modes[(args['mode'] ?? 'triangular') as keyof typeof modes],
    gamma: given(args, 'gamma', 1),
    inverse,
  })

const stairs = (lr: number, milestones: readonly number[], gamma: number): Schedule =>
  piecewiseConstant({
    initValue: lr,
    factors: Object.fromEntries([...new Set(milestones)].map((step) => [step, gamma ** milestones.filter((each) => each === step).length])),
  })

/** The learning rate of each scheduler as a function of the steps made, from the learning rate it starts with. */
const rates: Readonly<Record<string, (args: Arguments, lr: number) => Schedule>> = {
  StepLR: (args, lr) =>
    exponentialDecay({
      initValue: lr,
      transitionSteps: args['step_size'] as number,
      decayRate: given(args, 'gamma', 0.1),
      staircase: true,
    }),
  MultiStepLR: (args, lr) => stairs(lr, args['milestones'] as number[], given(args, 'gamma', 0.1)),
  ConstantLR: (args, lr) => until(given(args, 'total_iters', 5), lr * given(args, 'factor', 1 / 3), lr),
  LinearLR: (args, lr) =>
    linear({
      initValue: lr * given(args, 'start_factor', 1 / 3),
      endValue: lr * given(args, 'end_factor', 1),
      transitionSteps: given(args, 'total_iters', 5),
    }),
  ExponentialLR: (args, lr) => exponentialDecay({ initValue: lr, transitionSteps: 1, decayRate: args['gamma'] as number }),
  PolynomialLR: (args, lr) =>
    polynomial({ initValue: lr, endValue: 0, power: given(args, 'power', 1), transitionSteps: given(args, 'total_iters', 5) }),
  CosineAnnealingLR: (args, lr) =>
    cosineAnnealing({ initValue: lr, endValue: given(args, 'eta_min', 0), transitionSteps: args['T_max'] as number }),
  CosineAnnealingWarmRestarts: (args, lr) =>
    warmRestarts({
      initValue: lr,
      endValue: given(args, 'eta_min', 0),
      transitionSteps: args['T_0'] as number,
      stepsFactor: given(args, 'T_mult', 1),
    }),
  OneCycleLR: oneCycleRate,
  CyclicLR: (args) => cyclicOf(args, args['base_lr'] as number, args['max_lr'] as number, false),
  SequentialLR: (args, lr) => {
    const parts = args['parts'] as readonly Scheduler[]
    return join(
      parts.map((part) => rateOf(part, lr)),
      args['milestones'] as number[],
    )
  },
  // Each part multiplies what the others left.
  ChainedScheduler: (args, lr) => product([constant(lr), ...(args['parts'] as readonly Scheduler[]).map((part) => rateOf(part, 1))]),
}

/** Gives the learning rate of a scheduler as a function of the steps made. */
export const rateOf = ({ cls, args }: Scheduler, lr: number): Schedule => {
  const make = rates[cls]
  if (make === undefined) throw new UnknownName(`no scheduler '${cls}' here`)
  return make(args, lr)
}

/** Gives the momentum of a scheduler that cycles it too, or nothing. */
export const momentumOf = ({ cls, args }: Scheduler): Schedule | undefined => {
  if ((args['cycle_momentum'] ?? true) !== true) return undefined
  if (cls === 'CyclicLR') return cyclicOf(args, given(args, 'base_momentum', 0.8), given(args, 'max_momentum', 0.9), true)
  if (cls !== 'OneCycleLR') return undefined
  const [low, high] = [given(args, 'base_momentum', 0.85), given(args, 'max_momentum', 0.95)]
  return cycleOf(args, high, low, high)
}

/** Reduction on a plateau as a rule that scales by the learning rate; PyTorch waits one window longer than `patience`. */
const plateauOf = (args: Arguments, lr: number): GradientTransformation => {
  const threshold = given(args, 'threshold', 1e-4)
  const absolute = args['threshold_mode'] === 'abs'
  const rule = reduceOnPlateau({
    mode: (args['mode'] ?? 'min') as 'min' | 'max',
    factor: given(args, 'factor', 0.1),
    patience: given(args, 'patience', 10) + 1,
    rtol: absolute ? 0 : threshold,
    atol: absolute ? threshold : 0,
    cooldown: given(args, 'cooldown', 0),
    minScale: given(args, 'min_lr', 0) / lr,
    minChange: given(args, 'eps', 1e-8) / lr,
  })
  return chain(scale(lr), rule as GradientTransformation) as GradientTransformation
}

interface SchedulerCase {
  readonly name: string
  readonly scheduler: string
  readonly args: Arguments
  readonly lr: number
  readonly momentum?: number
  readonly metrics?: readonly number[]
  readonly lrs: readonly number[]
  readonly momenta?: readonly number[]
}

const bound =
  (way: Way) =>
  (wanted: number, largest: number): number =>
    way === 'float64' ? 1e-9 * Math.abs(wanted) + 1e-12 * largest : 1e-6 * Math.abs(wanted) + 1e-12 * largest

const valuesOf = async (way: Way, schedule: Schedule, count: number): Promise<number[]> => {
  const runner = runnerFor<Tensor, Tensor>(way, (step) => schedule(step, dtypeOf(way)))
  const found: number[] = []
  for (let t = 0; t < count; t++) found.push(...elementsOf(await runner.call(tensor(Int32Array.of(t), { shape: [] }))))
  await runner.dispose()
  return found
}

const plateauValues = async (
  way: Way,
  rule: GradientTransformation,
  metrics: readonly number[],
  count: number,
  lr: number,
): Promise<number[]> => {
  const dtype = dtypeOf(way)
  const one = asTensor(1, dtype)
  type Step = { readonly state: Tree<Tensor>; readonly rate: Tree<Tensor> }
  const runner = runnerFor<{ state: Tree<Tensor>; value: Tensor }, Step>(way, ({ state, value }) => {
    const [rate, next] = rule.update(one, state, { value })
    return { state: next, rate }
  })
  const found = [lr]
  let state: Tree<Tensor> = evaluate(rule.init(one))
  for (let t = 0; t < count - 1; t++) {
    const step = (await runner.call({ state, value: tensor(metrics[t] as number, { dtype }) })) as Step
    state = step.state
    found.push(...elementsOf(step.rate))
  }
  await runner.dispose()
  return found
}

const replayIn = async (way: Way, { scheduler, args, lr, metrics, lrs, momenta }: SchedulerCase): Promise<string | undefined> => {
  const found =
    scheduler === 'ReduceLROnPlateau'
      ? await plateauValues(way, plateauOf(args, lr), metrics ?? [], lrs.length, lr)
      : await valuesOf(way, rateOf({ cls: scheduler, args }, lr), lrs.length)
  const difference = differenceOfNumbers(`${way}: lrs`, found, lrs, bound(way))
  if (difference !== undefined || momenta === undefined) return difference
  const momentum = momentumOf({ cls: scheduler, args })
  const foundMomenta = momentum === undefined ? momenta : await valuesOf(way, momentum, momenta.length)
  return differenceOfNumbers(`${way}: momenta`, foundMomenta, momenta, bound(way))
}

/** Replays learning-rate schedulers of PyTorch. */
export async function* replayTorchSchedulers({ cases }: { readonly cases: readonly SchedulerCase[] }): AsyncIterable<CaseResult> {
  for (const fixture of cases) yield await resultOf(fixture.name, (way) => replayIn(way, fixture))
}
