import type { Tree } from '@grad-ts/tree'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Constant, Tensor } from '@grad-ts/tensor'
import type { Dataset, Example } from '../data/dataset.ts'
import { asTrainTask } from '../errors.ts'
import type { TrainError } from '../errors.ts'
import { orThrow } from '../internal/edge.ts'
import { makeEvaluator } from './evaluate.ts'
import type { Evaluation } from './events.ts'
import type { ExecutorOptions } from './executor.ts'
import { objectiveOf } from './objective.ts'
import type { LossTask, ModelTask, Supervised } from './objective.ts'
import { planRun } from './plan.ts'
import { countScalars } from './settings.ts'

interface MeasureOptions<E extends Example> extends ExecutorOptions {
  readonly data: Dataset<E>
  /** Default 256. */
  readonly batchSize?: number
}

/** A model with its weights, its loss and metrics, and the data to measure it on. */
export type EvaluateSettings<E extends Supervised, Params extends Tree<Tensor>, State extends Tree<Tensor>, Outputs> = Omit<
  ModelTask<E, Params, State, Outputs>,
  'params'
> &
  MeasureOptions<E> & {
    readonly params: Params
    /** Running state of the model (default: its initial one). */
    readonly modelState?: State
  }

/** Parameters with a loss, and the data to measure it on. */
export type EvaluateLossSettings<E extends Example, Params extends Tree<Tensor>> = LossTask<E, Params> & MeasureOptions<E>

/** Loss and metrics over a data set. */
export interface Measurement extends Evaluation {
  /** The metrics that are more than one number, such as a confusion matrix. */
  readonly arrays: Readonly<Record<string, Constant>>
}

/** Settings whose types the caller has checked. */
interface AnySettings extends MeasureOptions<Example> {
  readonly params: Tree<Tensor>
  readonly modelState?: Tree<Tensor>
}

const measure = async (settings: AnySettings): Promise<Measurement> => {
  const objective = objectiveOf(settings)
  const { params, data, batchSize = 256, modelState = objective.initState() } = settings
  const scalars = countScalars(params)
  const { pad, stepsPerRun } = await planRun<Example, Tree<Tensor>, Tree<Tensor>>(objective, params, data, {
    batchSize,
    accumulate: 1,
    scalars,
    ...(settings.device === undefined ? {} : { device: settings.device }),
  })
  const { tallier, ...evaluator } = makeEvaluator<Example, Tree<Tensor>, Tree<Tensor>>(objective, data, {
    ...settings,
    batchSize,
    batchesPerRun: stepsPerRun,
    pad,
  })
  try {
    const tally = await evaluator.measure(params, modelState)
    return { ...tallier.result(tally), arrays: tallier.arrays(tally) }
  } finally {
    await evaluator.dispose()
  }
}

/**
 * Measures loss and metrics over a whole data set; every example counts once.
 *
 * @param settings model, its weights and loss; or parameters and loss
 */
export function evaluate<E extends Supervised, Params extends Tree<Tensor>, State extends Tree<Tensor>, Outputs>(
  settings: EvaluateSettings<E, Params, State, Outputs>,
): TaskEither<TrainError, Measurement>
export function evaluate<E extends Example, Params extends Tree<Tensor>>(
  settings: EvaluateLossSettings<E, Params>,
): TaskEither<TrainError, Measurement>
export function evaluate(settings: object): TaskEither<TrainError, Measurement> {
  return asTrainTask(() => measure(settings as AnySettings))
}

/**
 * Measures loss and metrics over a whole data set, and rejects with a `TrainError` when that fails.
 *
 * @example
 * import { tensor, zeros } from '@grad-ts/tensor'
 * import { confusionMatrix, dense, softmaxCrossEntropyWithIntegerLabels } from '@grad-ts/nn'
 * import { evaluateOrThrow, fromColumns } from '@grad-ts/trainer'
 * const data = fromColumns({ x: tensor([[1], [2], [3]]), y: tensor([0, 0, 1], { dtype: 'int32' }) })
 * const model = dense({ in: 1, out: 2, useBias: false })
 * const params = { kernel: zeros([1, 2]), bias: null }
 * const metrics = { confusion: confusionMatrix({ classes: 2 }) }
 * const { loss, arrays } = await evaluateOrThrow({ model, params, loss: softmaxCrossEntropyWithIntegerLabels, metrics, data })
 * Math.abs(loss - Math.log(2)) < 1e-6 // => true
 * Array.from(arrays['confusion']?.attributes.data ?? []) // => [2, 0, 1, 0]
 */
export function evaluateOrThrow<E extends Supervised, Params extends Tree<Tensor>, State extends Tree<Tensor>, Outputs>(
  settings: EvaluateSettings<E, Params, State, Outputs>,
): Promise<Measurement>
export function evaluateOrThrow<E extends Example, Params extends Tree<Tensor>>(
  settings: EvaluateLossSettings<E, Params>,
): Promise<Measurement>
export function evaluateOrThrow(settings: object): Promise<Measurement> {
  return orThrow((evaluate as (settings: object) => TaskEither<TrainError, Measurement>)(settings))
}
