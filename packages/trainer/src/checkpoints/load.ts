import { join } from 'node:path'
import type { Tree } from '@grad-ts/tree'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { CheckpointError } from '../errors.ts'
import { attempt, hasTag, orThrow } from '../internal/edge.ts'
import type { EpochRecord } from '../training/events.ts'

/** Which checkpoint to read, and what it is expected to hold. */
export interface LoadSettings<Params extends Tree<Tensor>, State extends Tree<Tensor>> {
  /** Gives structure, shapes and dtypes; only those are read. */
  readonly params: Params
  /** Running state of the model, likewise (default: it has none). */
  readonly modelState?: State
  /** The newest (default), the best so far where the run had `keepBest`, or that of a step. */
  readonly which?: 'latest' | 'best' | number
}

/** What a checkpoint holds for those who want to use its model. */
export interface LoadedCheckpoint<Params, State> {
  readonly step: number
  /** Complete epochs. */
  readonly epoch: number
  /** The parameters: their moving average where one was kept. */
  readonly params: Params
  readonly modelState: State
  readonly epochs: readonly EpochRecord[]
}

const stepOf = async (folder: string, which: 'latest' | 'best' | number): Promise<number> => {
  const { readManifest, stepsIn } = await import('./store.ts')
  const steps = await stepsIn(folder)
  const [newest] = steps
  if (newest === undefined) throw new CheckpointError(folder, 'missing', 'it holds no checkpoint')
  const step = which === 'latest' ? newest : which === 'best' ? (await readManifest(folder, newest)).best?.step : which
  if (step === undefined || !steps.includes(step))
    throw new CheckpointError(folder, 'missing', `it holds no checkpoint ${which === 'best' ? 'of a best epoch' : `of step ${which}`}`)
  return step
}

/**
 * Reads the model out of a checkpoint, to measure or to use it.
 *
 * @param folder that of the run
 */
export const loadCheckpoint = <Params extends Tree<Tensor>, State extends Tree<Tensor> = null>(
  folder: string,
  { params, modelState, which = 'latest' }: LoadSettings<Params, State>,
): TaskEither<CheckpointError, LoadedCheckpoint<Params, State>> =>
  attempt(hasTag<CheckpointError>('CheckpointError'), async () => {
    const { readCheckpoint } = await import('./store.ts')
    const { treeBelow } = await import('./snapshot.ts')
    const step = await stepOf(folder, which)
    const { manifest, tensors } = await readCheckpoint(folder, step)
    const path = join(folder, `step ${step}`)
    const hasAverage = Object.keys(tensors).some((name) => name === 'state.average' || name.startsWith('state.average.'))
    const read = (prefix: string, like: Tree<Tensor>): Tree<Constant> => treeBelow(path, prefix, like as Tree<Constant>, tensors)
    return {
      step,
      epoch: manifest.epoch,
      params: read(hasAverage ? 'state.average' : 'state.params', params) as Params,
      modelState: read('state.model', modelState ?? null) as State,
      epochs: manifest.epochs as readonly EpochRecord[],
    }
  })

/**
 * Reads the model out of a checkpoint, and rejects with a `CheckpointError` when that fails.
 *
 * @example
 * import { mkdtemp } from 'node:fs/promises'
 * import { dense, meanSquaredError } from '@grad-ts/nn'
 * import { sgd } from '@grad-ts/optim'
 * import { key, tensor } from '@grad-ts/tensor'
 * import { fitOrThrow, fromColumns, loadCheckpointOrThrow } from '@grad-ts/trainer'
 * const folder = await mkdtemp('/tmp/run-')
 * const model = dense({ in: 1, out: 1 })
 * const data = fromColumns({ x: tensor([[1], [2]]), y: tensor([[2], [4]]) })
 * const keepBest = { monitor: 'validation.loss' } as const
 * await fitOrThrow({ model, loss: meanSquaredError, data, validation: { data }, solver: sgd({ learningRate: 0.1 }), epochs: 3, checkpoint: { folder, keepBest } })
 * const best = await loadCheckpointOrThrow(folder, { params: model.init(key(0)), which: 'best' })
 * best.step // => 3
 */
export const loadCheckpointOrThrow = <Params extends Tree<Tensor>, State extends Tree<Tensor> = null>(
  folder: string,
  settings: LoadSettings<Params, State>,
): Promise<LoadedCheckpoint<Params, State>> => orThrow(loadCheckpoint(folder, settings))
