import type { Tree } from '@grad-ts/tree'
import { key as keyOf, trace } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { batchesOf } from '../data/batches.ts'
import type { Batch } from '../data/batches.ts'
import { countBatches, turn } from '../data/buckets.ts'
import type { Dataset, Example } from '../data/dataset.ts'
import { SettingsError } from '../errors.ts'
import type { Device } from './executor.ts'
import type { Objective, SymbolicBatch } from './objective.ts'

/** How the batches of a run are cut. */
export interface Plan {
  readonly batchSize: number
  readonly accumulate: number
  /** Updates per run of the program. */
  readonly stepsPerRun: number
  /** Whether the last batch is filled up; a scalar loss needs its true length. */
  readonly pad: boolean
  /** Updates per epoch, where the data tell. */
  readonly stepsPerEpoch: number | undefined
}

// Below this size the time of an update is mostly that of starting it.
const smallModel = 50_000
const mostSteps = 50
const mostBytes = 64 * 2 ** 20

/** On a CUDA device the state crosses the bus at the end of every run, so a run should be long whatever the model. */
const crossesBus = async (device: Device = 'cpu'): Promise<boolean> =>
  device === 'cuda' || (device === 'auto' && (await (await import('@grad-ts/onnxruntime')).probeDevice('cuda')) === undefined)

const firstBatch = async <E extends Example>(dataset: Dataset<E>, batchSize: number): Promise<Batch<E>> => {
  for await (const batch of batchesOf(dataset, { batchSize, pad: false })) return batch
  throw new SettingsError('data', 'at least one example', 'none')
}

const bytesOf = (tree: Tree<Constant>): number => {
  if (tree === null) return 0
  if (Array.isArray(tree)) return (tree as readonly Tree<Constant>[]).reduce<number>((total, part) => total + bytesOf(part), 0)
  if ('attributes' in tree) return (tree as Constant).attributes.data.byteLength
  return bytesOf(Object.values(tree))
}

/** As few runs as fit the bounds, all of one length where that is possible. */
export const evenRuns = (steps: number | undefined, most: number): number =>
  steps === undefined ? most : Math.ceil(steps / Math.ceil(steps / Math.max(1, most)))

/** Traces an objective on a batch to learn whether its loss is a scalar, which cannot tell padding from examples. */
export const hasScalarLoss = <Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  objective: Objective<Params, State>,
  params: Params,
  { examples, weight }: Batch,
): boolean => {
  let scalarLoss = false
  trace(
    (batch: SymbolicBatch) => {
      const pass = objective.pass(params, objective.initState(), batch, { training: true, key: keyOf(0) })
      scalarLoss = pass.scalarLoss
      return pass.total
    },
    [{ examples, weight } as unknown as SymbolicBatch & Tree<Tensor>],
  )
  return scalarLoss
}

/** Cuts a run: traces the objective on the first batch to learn what its loss is. */
export const planRun = async <E extends Example, Params extends Tree<Tensor>, State extends Tree<Tensor>>(
  objective: Objective<Params, State>,
  params: Params,
  dataset: Dataset<E>,
  settings: {
    readonly batchSize: number
    readonly accumulate: number
    readonly stepsPerRun?: number | undefined
    readonly scalars: number
    readonly device?: Device
  },
): Promise<Plan> => {
  const { batchSize, accumulate, scalars } = settings
  const first = await firstBatch(dataset, batchSize)
  const scalarLoss = hasScalarLoss(objective, params, first)
  const { size, padding } = dataset
  const isUneven = size === undefined || padding?.bucketOf !== undefined || size % (batchSize * accumulate) !== 0
  if (scalarLoss && accumulate > 1 && isUneven)
    throw new SettingsError('loss', 'one value per example, so that accumulation can weight a part-filled batch', 'a scalar')
  const stepsPerEpoch = countBatches(dataset, batchSize, accumulate)
  const isLight = scalars <= smallModel || (await crossesBus(settings.device))
  const fitting = isLight ? Math.min(mostSteps, Math.floor(mostBytes / (bytesOf(first.examples) * accumulate + 1))) : 1
  const stepsPerRun =
    settings.stepsPerRun ?? (padding === undefined ? evenRuns(stepsPerEpoch, fitting) : Math.min(turn, Math.max(1, fitting)))
  return { batchSize, accumulate, pad: !scalarLoss, stepsPerEpoch, stepsPerRun }
}
