import type { Tree } from '@grad-ts/tree'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { scalar } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { asTrainTask, SettingsError } from '../errors.ts'
import type { TrainError } from '../errors.ts'
import { loadTensorsOrThrow, saveTensorsOrThrow } from '../files/tensors.ts'
import { orThrow } from '../internal/edge.ts'
import { inTurn } from '../internal/in-turn.ts'
import { makePredictor, makeTester, makeUpdater } from './batch-operations.ts'
import { checkMetrics } from './check.ts'
import { composeUpdate } from './compose.ts'
import type { ExecutorOptions } from './executor.ts'
import { memoryBudgetOf } from './gradient-checkpointing.ts'
import { liveStateOf } from './live-state.ts'
import type { AnyState } from './live-state.ts'
import { objectiveOf } from './objective.ts'
import type { UpdateOptions } from './options.ts'
import type { AnyModel } from './predict.ts'
import { openSession } from './session.ts'
import type { LossSessionSettings, ModelSessionSettings, ModelTrainingSession, TrainingSession } from './session-types.ts'
import { positiveInteger } from './settings.ts'

/** Settings whose types the caller has checked. */
type AnySettings = UpdateOptions<Tree<Tensor>> & ExecutorOptions & { readonly accumulate?: number; readonly model?: AnyModel }

/** The operations of a session by name, and what frees it. */
const open = async (settings: AnySettings) => {
  const objective = objectiveOf(settings)
  checkMetrics(objective.metrics)
  const accumulate = positiveInteger('accumulate', settings.accumulate ?? 1)
  const { step, state } = await composeUpdate(objective, settings)
  const session = openSession(
    step,
    state as unknown as Tree<Constant>,
    accumulate,
    settings,
    memoryBudgetOf(settings.gradientCheckpointing),
  )
  const live = liveStateOf(session)
  const update = makeUpdater(objective, state.params, session, live, accumulate)
  const tester = makeTester(objective, live, settings)
  const predictor = settings.model === undefined ? undefined : makePredictor(settings.model, live, settings)
  const asTree = (from: AnyState): Tree<Tensor> => from as unknown as Tree<Tensor>
  const operations = {
    trainOnBatch: async (examples: Tree<Tensor>) => (await update([examples]))[0],
    trainOnBatches: update,
    testOnBatch: tester.test,
    predictOnBatch: async (x: Tree<Tensor>) => {
      if (predictor === undefined) throw new SettingsError('model', 'a model, which has outputs', 'only a loss')
      return predictor.predict(x)
    },
    state: live.read,
    setState: live.write,
    scaleLearningRate: async (factor: number) => live.write({ ...(await live.read()), scale: scalar(factor) }),
    save: async (path: string) => saveTensorsOrThrow(path, asTree(await live.read())),
    load: async (path: string) => live.write((await loadTensorsOrThrow(path, asTree(await live.read()))) as unknown as AnyState),
  }
  const close = async (): Promise<void> => {
    for (const { dispose } of [session, tester, ...(predictor === undefined ? [] : [predictor])]) await dispose()
  }
  return { operations, close }
}

/** Gives every operation its two forms; all are done in turn. */
const twins = async (settings: AnySettings) => {
  const { operations, close } = await open(settings)
  const queue = inTurn()
  const forms = Object.entries(operations as Record<string, (...args: never[]) => Promise<unknown>>).flatMap(([name, run]) => {
    const queued = (...args: never[]) => queue(() => run(...args))
    return [[name, (...args: never[]) => asTrainTask(() => queued(...args))] as const, [`${name}OrThrow`, queued] as const]
  })
  const dispose = () => queue(close)
  return { ...Object.fromEntries(forms), dispose, [Symbol.asyncDispose]: dispose }
}

/**
 * Makes a session that trains one batch at a time, for loops of your own. It is made of the same parts as {@link fit}.
 *
 * @param settings model and loss, or parameters and loss; solver; the rest has defaults
 * @returns a task that checks the settings and draws the parameters
 */
export function createTrainingSession<
  Inputs extends Tree<Tensor>,
  Targets extends Tree<Tensor>,
  Params extends Tree<Tensor>,
  State extends Tree<Tensor>,
  Outputs,
>(
  settings: ModelSessionSettings<Inputs, Targets, Params, State, Outputs>,
): TaskEither<TrainError, ModelTrainingSession<Inputs, Targets, Params, State, Outputs>>
export function createTrainingSession<Batch extends Tree<Tensor>, Params extends Tree<Tensor>>(
  settings: LossSessionSettings<Batch, Params>,
): TaskEither<TrainError, TrainingSession<Batch, Params, null>>
export function createTrainingSession(settings: object): TaskEither<TrainError, unknown> {
  return asTrainTask(() => twins(settings as AnySettings))
}

/**
 * Makes a session that trains one batch at a time, and rejects with a `TrainError` when that fails.
 *
 * @example
 * import { dense, meanSquaredError } from '@grad-ts/nn'
 * import { sgd } from '@grad-ts/optim'
 * import { tensor } from '@grad-ts/tensor'
 * import { createTrainingSessionOrThrow } from '@grad-ts/trainer'
 * const batch = { x: tensor([[1], [2]]), y: tensor([[2], [4]]) }
 * await using session = await createTrainingSessionOrThrow({ model: dense({ in: 1, out: 1 }), loss: meanSquaredError, solver: sgd({ learningRate: 0.1 }) })
 * for (let i = 0; i < 100; i++) await session.trainOnBatchOrThrow(batch)
 * const { loss } = await session.testOnBatchOrThrow(batch)
 * loss < 0.01 // => true
 */
export function createTrainingSessionOrThrow<
  Inputs extends Tree<Tensor>,
  Targets extends Tree<Tensor>,
  Params extends Tree<Tensor>,
  State extends Tree<Tensor>,
  Outputs,
>(
  settings: ModelSessionSettings<Inputs, Targets, Params, State, Outputs>,
): Promise<ModelTrainingSession<Inputs, Targets, Params, State, Outputs>>
export function createTrainingSessionOrThrow<Batch extends Tree<Tensor>, Params extends Tree<Tensor>>(
  settings: LossSessionSettings<Batch, Params>,
): Promise<TrainingSession<Batch, Params, null>>
export function createTrainingSessionOrThrow(settings: object): Promise<unknown> {
  return orThrow((createTrainingSession as (settings: object) => TaskEither<TrainError, unknown>)(settings))
}
