import { join } from 'node:path'
import { CheckpointError } from '../errors.ts'
import { positiveInteger } from '../training/settings.ts'
import type { CheckpointOptions } from './options.ts'
import { fromCheckpoint, toCheckpoint } from './snapshot.ts'
import type { Snapshot } from './snapshot.ts'
import { readCheckpoint, removeCheckpoint, stepsIn, sweep, writeCheckpoint } from './store.ts'

/** The moment a run is at. */
export interface Moment {
  readonly step: number
  readonly epoch: number
  readonly isEpochEnd: boolean
}

/** Saves and restores one run. */
export interface Checkpoints {
  readonly isDue: (moment: Moment) => boolean
  /** Writes; answers with the path of the manifest. */
  readonly save: (snapshot: Snapshot) => Promise<string>
  /** The step of the newest one that was written or read. */
  readonly savedStep: () => number
}

/** Gives the newest checkpoint that fits, or nothing. */
const newest = async ({ folder, resume }: CheckpointOptions, now: Snapshot): Promise<Snapshot | undefined> => {
  for (const step of await stepsIn(folder)) {
    try {
      return fromCheckpoint(join(folder, `step ${step}`), await readCheckpoint(folder, step), now)
    } catch (error) {
      const isPassable = error instanceof CheckpointError && error.reason === 'damaged' && resume === 'lastGood'
      if (!isPassable) throw error
      await removeCheckpoint(folder, step)
    }
  }
  return undefined
}

/** A run that starts anew makes what older runs left here worthless: its own would be mixed with them. */
const clear = async (folder: string): Promise<void> => {
  for (const step of await stepsIn(folder)) await removeCheckpoint(folder, step)
}

/**
 * Opens the folder of a run.
 *
 * @param now the snapshot of a run that has not begun
 * @returns how to save, and the snapshot to go on from where there is one
 * @throws {CheckpointError} when a checkpoint is damaged or belongs to another run
 */
export const openCheckpoints = async (
  options: CheckpointOptions,
  now: Snapshot,
): Promise<{ readonly checkpoints: Checkpoints; readonly found: Snapshot | undefined }> => {
  const { folder, everySteps, everyMinutes, keep = 2, resume = 'never' } = options
  const everyEpochs = options.everyEpochs ?? (everySteps === undefined && everyMinutes === undefined ? 1 : undefined)
  positiveInteger('checkpoint.keep', keep)
  for (const [name, every] of Object.entries({ everySteps, everyEpochs }))
    if (every !== undefined) positiveInteger(`checkpoint.${name}`, every)
  await sweep(folder)
  const found = resume === 'never' ? undefined : await newest(options, now)
  if (found === undefined) await clear(folder)
  let saved = found?.memory.step ?? 0
  let savedAt = performance.now()
  return {
    found,
    checkpoints: {
      isDue: ({ step, epoch, isEpochEnd }) =>
        step > saved &&
        ((everySteps !== undefined && Math.floor(step / everySteps) > Math.floor(saved / everySteps)) ||
          (everyEpochs !== undefined && isEpochEnd && epoch % everyEpochs === 0) ||
          (everyMinutes !== undefined && performance.now() - savedAt >= everyMinutes * 60_000)),
      save: async (snapshot) => {
        const path = await writeCheckpoint(folder, toCheckpoint(snapshot), keep)
        saved = snapshot.memory.step
        savedAt = performance.now()
        return path
      },
      savedStep: () => saved,
    },
  }
}
