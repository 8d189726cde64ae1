import { constant, reduceOnPlateau } from '@grad-ts/optim'
import { evaluate, mul, tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { differenceOfNumbers, elementsOf } from '../optax/compare.ts'
import type { Bound } from '../optax/compare.ts'
import { dtypeOf, runnerFor } from '../optax/run.ts'
import type { Way } from '../optax/run.ts'
import { resultOf } from '../optax/trajectory.ts'
import type { CaseResult } from '../result.ts'
import { checkArguments, reader } from './arguments.ts'
import type { Arguments } from './arguments.ts'
import { ratesOf } from './schedulers.ts'

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

type Values = { readonly learningRates: number[]; readonly momenta: number[] }

const readSchedules = async (way: Way, fixture: SchedulerCase): Promise<Values> => {
  const rates = ratesOf(fixture.scheduler, fixture.args, fixture.lr)
  const momentum = rates.momentum ?? (fixture.momentum === undefined ? undefined : constant(fixture.momentum))
  const dtype = dtypeOf(way)
  const runner = runnerFor<Tensor, Tree<Tensor>>(way, (count) => [rates.learningRate(count, dtype), momentum?.(count, dtype) ?? null])
  const values: Values = { learningRates: [], momenta: [] }
  try {
    for (const step of fixture.lrs.keys()) {
      const [first, second] = elementsOf(await runner.call(tensor(Int32Array.of(step), { shape: [] })))
      values.learningRates.push(first as number)
      if (second !== undefined) values.momenta.push(second)
    }
    return values
  } finally {
    await runner.dispose()
  }
}

const plateauArguments = ['mode', 'factor', 'patience', 'threshold', 'threshold_mode', 'cooldown', 'min_lr', 'eps', 'verbose']

/** PyTorch counts bad epochs beyond the patience, and bounds and smallest changes in units of the learning rate. */
const plateauOf = (args: Arguments, lr: number): ReturnType<typeof reduceOnPlateau> => {
  checkArguments('ReduceLROnPlateau', args, plateauArguments)
  const read = reader('ReduceLROnPlateau', args)
  const threshold = read.number('threshold', 1e-4)
  const relative = read.text('threshold_mode', 'rel') === 'rel'
  return reduceOnPlateau({
    mode: read.text('mode', 'min') as 'min' | 'max',
    factor: read.number('factor', 0.1),
    patience: read.number('patience', 10) + 1,
    rtol: relative ? threshold : 0,
    atol: relative ? 0 : threshold,
    cooldown: read.number('cooldown', 0),
    minScale: read.number('min_lr', 0) / lr,
    minChange: read.number('eps', 1e-8) / lr,
  })
}

type PlateauStep = { readonly state: Tree<Tensor>; readonly value: Tensor }

/** The metric of a step is judged after it, so it acts on the next one. */
const followMetrics = async (way: Way, { args, lr, metrics = [] }: SchedulerCase): Promise<Values> => {
  const dtype = dtypeOf(way)
  const rule = plateauOf(args, lr)
  const one = tensor(1, { dtype })
  const runner = runnerFor<PlateauStep, { readonly state: Tree<Tensor>; readonly rate: Tensor }>(way, ({ state, value }) => {
    const [scale, next] = rule.update(one, state as never, { value })
    return { state: next, rate: mul(scale as Tensor, lr) }
  })
  const learningRates = [lr]
  try {
    let state: Tree<Tensor> = evaluate(rule.init(one))
    for (const metric of metrics) {
      const step = await runner.call({ state, value: tensor(metric, { dtype }) })
      learningRates.push(...elementsOf(step.rate))
      state = step.state
    }
  } finally {
    await runner.dispose()
  }
  return { learningRates, momenta: [] }
}

const boundOf =
  (way: Way): Bound =>
  (wanted, largest) =>
    (way === 'float64' ? 1e-9 : 1e-6) * Math.abs(wanted) + 1e-15 * largest

const replayIn = async (way: Way, fixture: SchedulerCase): Promise<string | undefined> => {
  const found = await (fixture.scheduler === 'ReduceLROnPlateau' ? followMetrics : readSchedules)(way, fixture)
  const bound = boundOf(way)
  return (
    differenceOfNumbers(`${way}: lrs`, found.learningRates.slice(0, fixture.lrs.length), fixture.lrs, bound) ??
    (fixture.momenta === undefined ? undefined : differenceOfNumbers(`${way}: momenta`, found.momenta, fixture.momenta, bound))
  )
}

/** Replays learning-rate schedulers of PyTorch: 1e-9 relative in float64, 1e-6 in float32. */
export async function* replayTorchSchedulers(file: { readonly cases: readonly SchedulerCase[] }): AsyncIterable<CaseResult> {
  for (const fixture of file.cases) yield await resultOf(fixture.name, (way) => replayIn(way, fixture))
}
