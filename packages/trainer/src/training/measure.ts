import type { Tree } from '@grad-ts/tree'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Tensor } from '@grad-ts/tensor'
import type { Dataset, Example } from '../data/dataset.ts'
import { asTrainTask } from '../errors.ts'
import type { TrainError } from '../errors.ts'
import { orThrow } from '../internal/edge.ts'
import { makeEvaluator } from './evaluate.ts'
import type { Evaluation } from './events.ts'
import type { ExecutorOptions } from './executor.ts'
import { modelObjective } from './objective.ts'
import type { AnyModelTask, ModelTask, Supervised } from './objective.ts'
import { planRun } from './plan.ts'
import { countScalars } from './settings.ts'

/** A model with its weights, its loss and metrics, and the data to measure it on. */
export type EvaluateSettings<E extends Supervised, Params extends Tree<Tensor>, State extends Tree<Tensor>, Outputs> = Omit<
  ModelTask<E, Params, State, Outputs>,
  'params'
> &
  ExecutorOptions & {
    readonly params: Params
    /** Running state of the model (default: its initial one). */
    readonly modelState?: State
    readonly data: Dataset<E>
    /** Default 256. */
    readonly batchSize?: number
  }

/** Settings whose types the caller has checked. */
interface AnySettings extends AnyModelTask<Tree<Tensor>, Tree<Tensor>>, ExecutorOptions {
  readonly params: Tree<Tensor>
  readonly modelState?: Tree<Tensor>
  readonly data: Dataset
  readonly batchSize?: number
}

const measure = async (settings: AnySettings): Promise<Evaluation> => {
  const objective = modelObjective(settings)
  const { params, data, batchSize = 256, modelState = objective.initState() } = settings
  const scalars = countScalars(params)
  const { pad, stepsPerRun } = await planRun<Example, Tree<Tensor>, Tree<Tensor>>(objective, params, data, {
    batchSize,
    accumulate: 1,
    scalars,
    ...(settings.device === undefined ? {} : { device: settings.device }),
  })
  const evaluator = makeEvaluator<Example, Tree<Tensor>, Tree<Tensor>>(objective, data, {
    ...settings,
    batchSize,
    batchesPerRun: stepsPerRun,
    pad,
  })
  try {
    return await evaluator.evaluate(params, modelState)
  } finally {
    await evaluator.dispose()
  }
}

/**
 * Measures loss and metrics over a whole data set; every example counts once.
 */
export const evaluate = <E extends Supervised, Params extends Tree<Tensor>, State extends Tree<Tensor>, Outputs>(
  settings: EvaluateSettings<E, Params, State, Outputs>,
): TaskEither<TrainError, Evaluation> => asTrainTask(() => measure(settings as unknown as AnySettings))

/**
 * Measures loss and metrics over a whole data set, and rejects with a `TrainError` when that fails.
 *
 * @example
 * import { tensor, zeros } from '@grad-ts/tensor'
 * import { dense, meanSquaredError } from '@grad-ts/nn'
 * import { evaluateOrThrow, fromColumns } from '@grad-ts/trainer'
 * const data = fromColumns({ x: tensor([[1], [2], [3]]), y: tensor([[1], [2], [2]]) })
 * const params = { kernel: zeros([1, 1]), bias: null }
 * const { loss } = await evaluateOrThrow({ model: dense({ in: 1, out: 1, useBias: false }), params, loss: meanSquaredError, data, device: 'cpu' })
 * loss // => 3
 */
export const evaluateOrThrow = <E extends Supervised, Params extends Tree<Tensor>, State extends Tree<Tensor>, Outputs>(
  settings: EvaluateSettings<E, Params, State, Outputs>,
): Promise<Evaluation> => orThrow(evaluate(settings))
