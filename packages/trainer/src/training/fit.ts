import type { Tree } from '@grad-ts/tree'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Tensor } from '@grad-ts/tensor'
import type { Example } from '../data/dataset.ts'
import { asTrainTask } from '../errors.ts'
import type { TrainError } from '../errors.ts'
import { orThrow } from '../internal/edge.ts'
import type { History, StopReason, TrainEvent } from './events.ts'
import { tellObservers, trainLoop } from './loop.ts'
import { historyOf } from './memory.ts'
import { objectiveOf } from './objective.ts'
import type { LossTask, ModelTask, Supervised } from './objective.ts'
import type { CommonSettings } from './options.ts'
import { openRun } from './run.ts'
import { bestParams } from './step.ts'
import type { TrainState } from './step.ts'

/** A model with its loss, and how to train it. */
export type ModelSettings<E extends Supervised, Params extends Tree<Tensor>, State extends Tree<Tensor>, Outputs> = ModelTask<
  E,
  Params,
  State,
  Outputs
> &
  CommonSettings<E, Params>

/** Parameters with a loss, and how to train them. */
export type LossSettings<E extends Example, Params extends Tree<Tensor>> = LossTask<E, Params> & CommonSettings<E, Params>

/** What a run gives. All tensors are constants. */
export interface TrainResult<Params, State = null> {
  /** The trained parameters: their moving average where one was kept. */
  readonly params: Params
  /** Running state of the model, such as batch statistics. */
  readonly modelState: State
  /** The whole state, with that of the solver. */
  readonly state: TrainState<Params, State>
  readonly history: History
  /** The loss of every update. */
  readonly loss: readonly number[]
  readonly stopped: StopReason
}

async function* events(settings: object): AsyncGenerator<TrainEvent, TrainResult<Tree<Tensor>, Tree<Tensor>>> {
  const run = await openRun(objectiveOf(settings), settings as CommonSettings<Example, Tree<Tensor>>)
  let isOver = false
  try {
    yield* trainLoop(run)
    isOver = true
    const state = (await run.session.state()) as unknown as TrainState<Tree<Tensor>, Tree<Tensor>>
    const history = historyOf(run.memory)
    return {
      params: bestParams(state),
      modelState: state.model,
      state,
      history,
      loss: history.steps.loss,
      stopped: run.stop ?? { tag: 'finished' },
    }
  } catch (error) {
    isOver = true
    // What an observer makes of the failure must not hide it.
    await tellObservers(run, {
      tag: 'failed',
      step: run.memory.step,
      message: error instanceof Error ? error.message : String(error),
    }).catch(() => undefined)
    throw error
  } finally {
    if (!isOver)
      await tellObservers(run, { tag: 'stopped', step: run.memory.step, reason: { tag: 'asked', by: 'the consumer of the events' } })
    await run.session.dispose()
    await run.evaluator?.dispose()
  }
}

/**
 * Trains and yields what happens, in order, as typed events; the generator's return value is the result.
 * Leaving the loop early stops the run and frees its sessions. The run waits while its consumer is busy.
 *
 * @throws {TrainError} from the iterator
 */
export function trainEvents<E extends Supervised, Params extends Tree<Tensor>, State extends Tree<Tensor>, Outputs>(
  settings: ModelSettings<E, Params, State, Outputs>,
): AsyncGenerator<TrainEvent, TrainResult<Params, State>>
export function trainEvents<E extends Example, Params extends Tree<Tensor>>(
  settings: LossSettings<E, Params>,
): AsyncGenerator<TrainEvent, TrainResult<Params>>
export function trainEvents(settings: object): AsyncGenerator<TrainEvent, TrainResult<unknown, unknown>> {
  return events(settings)
}

const drain = async <Result>(source: AsyncGenerator<TrainEvent, Result>): Promise<Result> => {
  for (;;) {
    const { done, value } = await source.next()
    if (done === true) return value
  }
}

/**
 * Trains parameters.
 *
 * @param settings either `model` and `loss` (of outputs and targets; the data then have `x` and `y`), or `params` and `loss` (of parameters and batch);
 *   `solver`, `data`, `epochs` or `steps`; the rest has defaults
 * @returns a task that trains when it is run
 * @see {@link fitOrThrow} for a plain promise, {@link trainEvents} for a stream of events
 */
export function fit<E extends Supervised, Params extends Tree<Tensor>, State extends Tree<Tensor>, Outputs>(
  settings: ModelSettings<E, Params, State, Outputs>,
): TaskEither<TrainError, TrainResult<Params, State>>
export function fit<E extends Example, Params extends Tree<Tensor>>(
  settings: LossSettings<E, Params>,
): TaskEither<TrainError, TrainResult<Params>>
export function fit(settings: object): TaskEither<TrainError, TrainResult<unknown, unknown>> {
  return asTrainTask(() => drain(events(settings)))
}

/**
 * Trains parameters, and rejects with a `TrainError` when that fails.
 *
 * @example
 * import { adam } from '@grad-ts/optim'
 * import { fromColumns, fitOrThrow } from '@grad-ts/trainer'
 * import { add, mul, scalar, square, sub, tensor } from '@grad-ts/tensor'
 * import type { Tensor } from '@grad-ts/tensor'
 * const data = fromColumns({ x: tensor([0, 1, 2, 3]), y: tensor([1, 3, 5, 7]) })
 * const params = { slope: scalar(0), intercept: scalar(0) }
 * const loss = (p: typeof params, { x, y }: { x: Tensor; y: Tensor }) => square(sub(add(mul(p.slope, x), p.intercept), y))
 * const run = await fitOrThrow({ params, loss, data, solver: adam({ learningRate: 0.1 }), steps: 200, device: 'cpu' })
 * Number(run.loss.at(-1)) < 0.01 // => true
 */
export function fitOrThrow<E extends Supervised, Params extends Tree<Tensor>, State extends Tree<Tensor>, Outputs>(
  settings: ModelSettings<E, Params, State, Outputs>,
): Promise<TrainResult<Params, State>>
export function fitOrThrow<E extends Example, Params extends Tree<Tensor>>(settings: LossSettings<E, Params>): Promise<TrainResult<Params>>
export function fitOrThrow(settings: object): Promise<TrainResult<unknown, unknown>> {
  return orThrow((fit as (settings: object) => TaskEither<TrainError, TrainResult<unknown, unknown>>)(settings))
}
