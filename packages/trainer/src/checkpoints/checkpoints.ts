import { join } from 'node:path'
import { CheckpointError, SettingsError } from '../errors.ts'
import type { EpochRecord } from '../training/events.ts'
import { positiveInteger } from '../training/settings.ts'
import { betterOf } from './best.ts'
import type { CheckpointOptions } from './options.ts'
import { fromCheckpoint, toCheckpoint } from './snapshot.ts'
import type { Snapshot } from './snapshot.ts'
import { readCheckpoint, removeCheckpoint, setAside, stepsIn, sweep, writeCheckpoint } from './store.ts'
import type { Checkpoint } from './store.ts'

/** The moment a run is at. */
export interface Moment {
  readonly step: number
  /** The epoch that has just ended, if one has. */
  readonly record?: EpochRecord
}

/** Saves and restores one run. */
export interface Checkpoints {
  readonly isDue: (moment: Moment) => boolean
  /** Writes; answers with the path of the manifest. */
  readonly save: (snapshot: Snapshot) => Promise<string>
  /** The step of the newest one that was written or read. */
  readonly savedStep: () => number
}

interface Found {
  readonly checkpoint: Checkpoint
  readonly snapshot: Snapshot
}

/** Gives the newest checkpoint that fits, or nothing where there is none. */
const newest = async ({ folder, resume }: CheckpointOptions, steps: readonly number[], now: Snapshot): Promise<Found | undefined> => {
  let damage: CheckpointError | undefined
  for (const step of steps) {
    try {
      const checkpoint = await readCheckpoint(folder, step)
      return { checkpoint, snapshot: fromCheckpoint(join(folder, `step ${step}`), checkpoint, now) }
    } catch (error) {
      const isPassable = error instanceof CheckpointError && error.reason === 'damaged' && resume === 'lastGood'
      if (!isPassable) throw error
      damage ??= error
      await setAside(folder, step)
    }
  }
  if (damage !== undefined) throw damage
  return undefined
}

/** Decides what becomes of the checkpoints of older runs: they are gone on from, deleted when asked, and else respected. */
const begin = async (options: CheckpointOptions, now: Snapshot): Promise<Found | undefined> => {
  const { folder, resume, overwrite = false } = options
  const steps = await stepsIn(folder)
  if (resume === undefined && !overwrite && steps.length > 0)
    throw new CheckpointError(folder, 'occupied', `it holds checkpoints of an earlier run, the newest of step ${steps[0]}`)
  await sweep(folder)
  if (resume !== undefined) return newest(options, steps, now)
  for (const step of steps) await removeCheckpoint(folder, step)
  return undefined
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
  const { folder, everySteps, everyMinutes, keep = 2, keepBest } = options
  const everyEpochs = options.everyEpochs ?? (everySteps === undefined && everyMinutes === undefined ? 1 : undefined)
  positiveInteger('checkpoint.keep', keep)
  for (const [name, every] of Object.entries({ everySteps, everyEpochs }))
    if (every !== undefined) positiveInteger(`checkpoint.${name}`, every)
  if (everyMinutes !== undefined && !(everyMinutes > 0))
    throw new SettingsError('checkpoint.everyMinutes', 'a number above 0', String(everyMinutes))
  const found = await begin(options, now)
  let best = found?.checkpoint.manifest.best
  let saved = found?.snapshot.memory.step ?? 0
  let savedAt = performance.now()
  return {
    found: found?.snapshot,
    checkpoints: {
      isDue: ({ step, record }) => {
        if (record !== undefined) best = betterOf(keepBest, best, record)
        return (
          step > saved &&
          ((everySteps !== undefined && Math.floor(step / everySteps) > Math.floor(saved / everySteps)) ||
            (everyEpochs !== undefined && record !== undefined && record.epoch % everyEpochs === 0) ||
            (everyMinutes !== undefined && performance.now() - savedAt >= everyMinutes * 60_000) ||
            (record !== undefined && best?.step === record.step))
        )
      },
      save: async (snapshot) => {
        const path = await writeCheckpoint(folder, toCheckpoint(snapshot, best), {
          keep,
          ...(best === undefined ? {} : { best: best.step }),
        })
        saved = snapshot.memory.step
        savedAt = performance.now()
        return path
      },
      savedStep: () => saved,
    },
  }
}
