import { appendFile, mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { WriteError } from '@grad-ts/files'
import type { EventOf, TrainEvent } from '../training/events.ts'
import type * as eventFile from './event-file.ts'
import { flatRecord } from './flat-record.ts'

/** Names as TensorBoard groups them. */
const grouped = (values: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => name !== 'epoch' && name !== 'step')
      .map(([name, value]) => [name.startsWith('validation ') ? `validation/${name.slice(11)}` : `training/${name}`, value]),
  )

const stepValues = ({ loss, learningRate, lossScale, gradientNorm, updateRatio }: EventOf<'step'>): Record<string, number> =>
  Object.fromEntries(
    Object.entries({ loss, learningRate, lossScale, gradientNorm, updateRatio }).flatMap(([name, value]) =>
      value === undefined ? [] : [[`step/${name}`, value]],
    ),
  )

/**
 * Makes an observer that writes an event file for TensorBoard: the numbers of every epoch, and of every n-th update.
 * A resumed run writes a file of its own, which takes the place of what was written after its checkpoint.
 *
 * @param folder a run's folder; `tensorboard --logdir` takes the one above it
 * @param options.everySteps default 10
 */
export const tensorBoard = (
  folder: string,
  { everySteps = 10 }: { readonly everySteps?: number } = {},
): ((event: TrainEvent) => Promise<void>) => {
  let path: string | undefined
  const write = async (message: (seconds: number, file: typeof eventFile) => Uint8Array): Promise<void> => {
    const file = await import('./event-file.ts')
    const now = Date.now() / 1000
    try {
      if (path === undefined) {
        await mkdir(folder, { recursive: true })
        path = join(folder, `events.out.tfevents.${Math.floor(now)}.${hostname()}.${process.pid}`)
        await appendFile(path, file.framed(file.versionEvent(now)))
      }
      await appendFile(path, file.framed(message(now, file)))
    } catch (cause) {
      throw new WriteError(path ?? folder, cause)
    }
  }
  return async (event) => {
    if (event.tag === 'started' && event.step > 0) await write((now, { sessionEvent }) => sessionEvent(now, event.step + 1))
    if (event.tag === 'epoch') await write((now, { scalarEvent }) => scalarEvent(now, event.record.step, grouped(flatRecord(event.record))))
    if (event.tag === 'step' && event.step % everySteps === 0)
      await write((now, { scalarEvent }) => scalarEvent(now, event.step, stepValues(event)))
  }
}
