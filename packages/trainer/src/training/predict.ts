import { leaves, unflatten } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { allocate, constantOf, sameShape, showShape, sizeOf } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import type { Layer } from '@grad-ts/nn'
import { batchesOf } from '../data/batches.ts'
import { columnsOf } from '../data/dataset.ts'
import type { Dataset } from '../data/dataset.ts'
import { asTrainTask, SettingsError } from '../errors.ts'
import type { TrainError } from '../errors.ts'
import { orThrow } from '../internal/edge.ts'
import type { ExecutorOptions, Step } from './executor.ts'
import { openSession } from './session.ts'

/** A model with its weights, and what it is to be run on. */
export interface PredictSettings<Params extends Tree<Tensor>, State extends Tree<Tensor>> extends ExecutorOptions {
  readonly model: Layer<Params, State, Tree<Tensor>, Tensor>
  readonly params: Params
  /** Running state of the model (default: its initial one). */
  readonly modelState?: State
  /** `[examples, …]`, or a data set of inputs. */
  readonly inputs: Tree<Tensor> | Dataset
  /** Default 256. */
  readonly batchSize?: number
}

const isDataset = (inputs: Tree<Tensor> | Dataset): inputs is Dataset =>
  typeof inputs === 'object' && inputs !== null && 'tag' in inputs && (inputs.tag === 'indexed' || inputs.tag === 'streamed')

/** Outputs of a batch, and which inputs they are of. */
interface Part<Outputs> {
  readonly outputs: Outputs
  readonly numbers: Int32Array
}

/** Joins rows in the order of their numbers, without the padding at the end of each batch. */
const joinRows = (parts: readonly Part<Constant>[]): Constant => {
  const [{ outputs: first }] = parts as readonly [Part<Constant>]
  const shape = first.shape.slice(1)
  const size = sizeOf(shape)
  const total = parts.reduce((sum, { numbers }) => sum + numbers.length, 0)
  const data = allocate(first.dtype, total * size)
  for (const { outputs, numbers } of parts) {
    if (!sameShape(outputs.shape.slice(1), shape))
      throw new SettingsError(
        'inputs',
        `inputs whose outputs all have one shape, such as ${showShape(shape)}`,
        `${showShape(outputs.shape.slice(1))}; predict the sequences of each length apart`,
      )
    numbers.forEach((number, row) => data.set(outputs.attributes.data.subarray(row * size, (row + 1) * size), number * size))
  }
  return constantOf(data, [total, ...shape], first.dtype)
}

const joinTrees = (parts: readonly Part<Tree<Constant>>[]): Tree<Constant> => {
  const [first] = parts
  if (first === undefined) throw new SettingsError('inputs', 'at least one input', 'none')
  const columns = leaves<Constant>(first.outputs).map((_, leaf) =>
    joinRows(parts.map(({ outputs, numbers }) => ({ outputs: leaves<Constant>(outputs)[leaf] as Constant, numbers }))),
  )
  return unflatten(first.outputs, columns)
}

/** A model of any inputs and outputs. */
export type AnyModel = Layer<Tree<Tensor>, Tree<Tensor>, Tree<Tensor>, Tree<Tensor>>

/** Settings whose types the caller has checked. */
interface AnySettings extends ExecutorOptions {
  readonly model: AnyModel
  readonly params: Tree<Tensor>
  readonly modelState?: Tree<Tensor>
  readonly inputs: Tree<Tensor> | Dataset
  readonly batchSize?: number
}

/** A step that only computes the outputs of a model; what it holds are parameters and running state. */
export const outputsStep =
  (model: AnyModel): Step =>
  (held, batch) => {
    const { params, model: state } = held as unknown as { readonly params: Tree<Tensor>; readonly model: Tree<Tensor> }
    const { examples } = batch as unknown as { readonly examples: Tree<Tensor> }
    return [held, model.apply(params, examples, { training: false, state })]
  }

const runOver = async ({ model, params, modelState, inputs, batchSize = 256, ...executor }: AnySettings): Promise<Tree<Constant>> => {
  const state = { params, model: modelState ?? model.initState() } as unknown as Tree<Constant>
  const session = openSession(outputsStep(model), state, 1, executor)
  const parts: Part<Tree<Constant>>[] = []
  try {
    const dataset = isDataset(inputs) ? inputs : columnsOf(inputs)
    for await (const batch of batchesOf(dataset, { batchSize })) {
      const [outputs = null] = await session.run([[batch]])
      parts.push({ outputs, numbers: batch.numbers })
    }
    return joinTrees(parts)
  } finally {
    await session.dispose()
  }
}

/**
 * Runs a model over inputs of any number, batch by batch.
 *
 * @returns its outputs, one row per input, in order
 */
export const predict = <Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  settings: PredictSettings<Params, State>,
): TaskEither<TrainError, Constant> => asTrainTask(() => runOver(settings as unknown as AnySettings) as Promise<Constant>)

/**
 * Runs a model over inputs of any number, and rejects with a `TrainError` when that fails.
 *
 * @example
 * import { key, ones } from '@grad-ts/tensor'
 * import { dense } from '@grad-ts/nn'
 * import { predictOrThrow } from '@grad-ts/trainer'
 * const model = dense({ in: 3, out: 2 })
 * const outputs = await predictOrThrow({ model, params: model.init(key(0)), inputs: ones([10, 3]), batchSize: 4, device: 'cpu' })
 * outputs.shape // => [10, 2]
 */
export const predictOrThrow = <Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  settings: PredictSettings<Params, State>,
): Promise<Constant> => orThrow(predict(settings))
