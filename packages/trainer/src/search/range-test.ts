import type { Tree } from '@grad-ts/tree'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Tensor } from '@grad-ts/tensor'
import { exponentialDecay } from '@grad-ts/optim'
import type { GradientTransformation, Schedule } from '@grad-ts/optim'
import type { Example } from '../data/dataset.ts'
import { asTrainTask, NonFiniteError, SettingsError } from '../errors.ts'
import type { TrainError } from '../errors.ts'
import { orThrow } from '../internal/edge.ts'
import { policy } from '../policies/policy.ts'
import type { TrainEvent } from '../training/events.ts'
import { fitOrThrow } from '../training/fit.ts'
import type { LossSettings, ModelSettings } from '../training/fit.ts'
import type { Supervised } from '../training/objective.ts'

/** The losses that a rising learning rate met. */
export interface RangeTest {
  readonly rates: readonly number[]
  readonly losses: readonly number[]
  /** The losses with the noise of the batches averaged away. */
  readonly smoothed: readonly number[]
  /** A tenth of the rate with the lowest loss: a good largest rate of a schedule. */
  readonly suggestion: number
}

export interface RangeOptions {
  /** Default 1e-6. */
  readonly from?: number
  /** Default 10. */
  readonly to?: number
  /** Updates (default 100). */
  readonly steps?: number
  /** Makes the solver with the rising learning rate. */
  readonly solverWith: (learningRate: Schedule) => GradientTransformation
}

type Without<T> = Omit<T, 'solver' | 'epochs' | 'steps' | 'validation' | 'policies' | 'checkpoint'>

/** An average that forgets, corrected for its start. */
const smooth = (values: readonly number[], keep: number): number[] => {
  let mean = 0
  return values.map((value, i) => {
    mean = keep * mean + (1 - keep) * value
    return mean / (1 - keep ** (i + 1))
  })
}

/** A tenth of the rate with the lowest loss: the point of steepest descent is lost in the noise of the batches, this one is not. */
const belowLowest = (rates: readonly number[], losses: readonly number[]): number =>
  (rates[losses.indexOf(Math.min(...losses))] ?? NaN) / 10

/** Ends the test when the loss is four times its lowest: from there on it only diverges. */
const untilDiverged = policy<{ readonly mean: number; readonly best: number | null }, 'nothing'>({
  name: 'untilDiverged',
  needs: 'nothing',
  start: { mean: 0, best: null },
  react: (memory, event) => {
    if (event.tag !== 'step') return { memory, actions: [] }
    const mean = memory.best === null ? event.loss : 0.8 * memory.mean + 0.2 * event.loss
    const best = Math.min(memory.best ?? mean, mean)
    return { memory: { mean, best }, actions: mean > 4 * best ? [{ tag: 'stop', reason: { tag: 'asked', by: 'range test' } }] : [] }
  },
})

const runTest = async ({ from = 1e-6, to = 10, steps = 100, solverWith, ...settings }: RangeOptions): Promise<RangeTest> => {
  if (!(from > 0 && to > from)) throw new SettingsError('from', 'a rate above 0 and below `to`', `${from} and ${to}`)
  if (!(Number.isSafeInteger(steps) && steps >= 2)) throw new SettingsError('steps', 'a whole number of at least 2', String(steps))
  const rates: number[] = []
  const losses: number[] = []
  const observe = (event: TrainEvent): void => {
    if (event.tag !== 'step') return
    rates.push(event.learningRate ?? NaN)
    losses.push(event.loss)
  }
  const schedule = exponentialDecay({ initValue: from, transitionSteps: steps - 1, decayRate: to / from })
  const run = fitOrThrow as (settings: object) => Promise<unknown>
  try {
    await run({ ...settings, solver: solverWith(schedule), steps, stepsPerRun: 1, policies: [untilDiverged], observers: [observe] })
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error
  }
  const smoothed = smooth(losses, 0.8)
  return { rates, losses, smoothed, suggestion: belowLowest(rates, smoothed) }
}

/**
 * Trains for some updates while the learning rate rises from very small to very large, and suggests one
 * (Smith, Cyclical Learning Rates for Training Neural Networks, 2015, arXiv:1506.01186).
 *
 * @param settings as for `fit`, with `solverWith` in place of `solver`
 * @see `rangeTestChart` of `@grad-ts/trainer/report`
 */
export function rangeTest<E extends Supervised, Params extends Tree<Tensor>, State extends Tree<Tensor>, Outputs>(
  settings: Without<ModelSettings<E, Params, State, Outputs>> & RangeOptions,
): TaskEither<TrainError, RangeTest>
export function rangeTest<E extends Example, Params extends Tree<Tensor>>(
  settings: Without<LossSettings<E, Params>> & RangeOptions,
): TaskEither<TrainError, RangeTest>
export function rangeTest(settings: RangeOptions): TaskEither<TrainError, RangeTest> {
  return asTrainTask(() => runTest(settings))
}

/**
 * Tries learning rates from very small to very large, and rejects with a `TrainError` when that fails.
 *
 * @example
 * import { dense, meanSquaredError } from '@grad-ts/nn'
 * import { sgd } from '@grad-ts/optim'
 * import { evaluate, key, matmul, normal, tensor } from '@grad-ts/tensor'
 * import { fromColumns, rangeTestOrThrow } from '@grad-ts/trainer'
 * const x = evaluate(normal(key(0), [64, 2]))
 * const data = fromColumns({ x, y: evaluate(matmul(x, tensor([[2], [-1]]))) })
 * const test = await rangeTestOrThrow({ model: dense({ in: 2, out: 1 }), loss: meanSquaredError, data, solverWith: (learningRate) => sgd({ learningRate }) })
 * test.suggestion > 0.001 && test.suggestion < 1 // => true
 */
export function rangeTestOrThrow<E extends Supervised, Params extends Tree<Tensor>, State extends Tree<Tensor>, Outputs>(
  settings: Without<ModelSettings<E, Params, State, Outputs>> & RangeOptions,
): Promise<RangeTest>
export function rangeTestOrThrow<E extends Example, Params extends Tree<Tensor>>(
  settings: Without<LossSettings<E, Params>> & RangeOptions,
): Promise<RangeTest>
export function rangeTestOrThrow(settings: object): Promise<RangeTest> {
  return orThrow((rangeTest as (settings: object) => TaskEither<TrainError, RangeTest>)(settings))
}
