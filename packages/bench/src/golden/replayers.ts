import { replayGradients } from './gradients/replay.ts'
import { isKerasFixture } from './keras/fixture.ts'
import { replayKeras } from './keras/replay.ts'
import { replayLosses } from './losses/replay.ts'
import { replayBroken, replayOnnx } from './onnx/replay.ts'
import { replayFunctions } from './optax/functions.ts'
import { replaySchedules } from './optax/schedules.ts'
import { replayTrajectories } from './optax/trajectory.ts'
import type { CaseResult } from './result.ts'
import { replayTorchSchedulers } from './torch/lr.ts'
import { replayTorchTrajectories } from './torch/trajectory.ts'

/** Where a fixture lies, and its name without the ending. */
export interface Place {
  readonly path: string
  readonly name: string
}

export type Replayer = (file: never, place: Place) => AsyncIterable<CaseResult> | Promise<readonly CaseResult[]>

/** The replayer of each format. */
export const replayers: Readonly<Record<string, Replayer>> = {
  'optax-loss/1': replayLosses,
  'optax-trajectory/1': replayTrajectories,
  'optax-schedule/1': replaySchedules,
  'optax-function/1': replayFunctions,
  'torch-grad/1': replayGradients,
  'torch-lr/1': replayTorchSchedulers,
  'torch-trajectory/1': replayTorchTrajectories,
  keras: (file, { name }) => replayKeras(file, name),
  onnx: (file, { path }) => replayOnnx(file, path),
  'onnx-broken': (file, { path }) => replayBroken(file, path),
}

const looksLikeFormat = /^[\w-]+\/\d+$/

/**
 * Names the format of a parsed file, or nothing when it is no fixture: networks have a `kind`, runs of Keras only their fields.
 * A format without a replayer is one all the same.
 */
export const formatOf = (file: unknown): string | undefined => {
  if (typeof file !== 'object' || file === null) return undefined
  if (isKerasFixture(file)) return 'keras'
  const { format, kind } = file as { readonly format?: unknown; readonly kind?: unknown }
  if (typeof kind === 'string' && kind in replayers) return kind
  return typeof format === 'string' && looksLikeFormat.test(format) ? format : undefined
}
