import { basename } from 'node:path'
import { replayGradients } from './gradients/replay.ts'
import { isKerasFixture } from './keras/fixture.ts'
import { replayKeras } from './keras/replay.ts'
import { replayLosses } from './losses/replay.ts'
import { replayBroken, replayOnnx } from './onnx/replay.ts'
import type { CaseResult } from './result.ts'

type Replayer = (file: never, path: string) => AsyncIterable<CaseResult> | Promise<readonly CaseResult[]>

/** Every format that can be replayed. */
export const replayers: Readonly<Record<string, Replayer>> = {
  'optax-loss/1': replayLosses,
  'torch-grad/1': replayGradients,
  keras: (file, path) => replayKeras(file, basename(path, '.json')),
  onnx: replayOnnx,
  'onnx-broken': replayBroken,
}

/** Formats that are known but have no replayer, with the reason. */
export const unplayed: Readonly<Record<string, string>> = {}

/** Names the format of a parsed file, or nothing when it is no fixture. */
export const formatOf = (file: unknown): string | undefined => {
  if (typeof file !== 'object' || file === null) return undefined
  const { format, kind } = file as { readonly format?: unknown; readonly kind?: unknown }
  if (typeof format === 'string') return format
  if (typeof kind === 'string') return kind
  return isKerasFixture(file) ? 'keras' : undefined
}
