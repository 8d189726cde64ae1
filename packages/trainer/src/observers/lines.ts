import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { WriteError } from '@grad-ts/files'
import type { EpochRecord, TrainEvent } from '../training/events.ts'

type Observer = (event: TrainEvent) => Promise<void>

/** Appends lines to a file; a new run starts it anew, a resumed one goes on. */
const lineFile = (path: string) => {
  const guarded = async (write: () => Promise<void>): Promise<void> => {
    try {
      await write()
    } catch (cause) {
      throw new WriteError(path, cause)
    }
  }
  return {
    begin: (text: string): Promise<void> =>
      guarded(async () => {
        await mkdir(dirname(path), { recursive: true })
        await writeFile(path, text)
      }),
    add: (line: string): Promise<void> => guarded(() => appendFile(path, `${line}\n`)),
  }
}

/**
 * Makes an observer that writes every event as one line of JSON.
 *
 * @param path where; folders are made
 * @param options.steps also writes an event per update (default false)
 */
export const jsonLines = (path: string, { steps = false }: { readonly steps?: boolean } = {}): Observer => {
  const file = lineFile(path)
  return async (event) => {
    if (event.tag === 'started' && event.step === 0) await file.begin('')
    if (event.tag !== 'step' || steps) await file.add(JSON.stringify(event))
  }
}

/** The numbers of an epoch by the name of their column. */
export const flatRecord = ({
  epoch,
  step,
  loss,
  metrics,
  validation,
  learningRate,
  seconds,
}: EpochRecord): Readonly<Record<string, number>> => ({
  epoch,
  step,
  loss,
  ...metrics,
  ...(validation === undefined ? {} : { 'validation loss': validation.loss }),
  ...Object.fromEntries(Object.entries(validation?.metrics ?? {}).map(([name, value]) => [`validation ${name}`, value])),
  ...(learningRate === undefined ? {} : { 'learning rate': learningRate }),
  seconds,
})

/**
 * Makes an observer that writes a table with one line per epoch.
 *
 * @param path where; folders are made
 */
export const csvLog = (path: string): Observer => {
  const file = lineFile(path)
  let columns: readonly string[] | undefined
  let isResumed = false
  return async (event) => {
    if (event.tag === 'started') isResumed = event.step > 0
    if (event.tag !== 'epoch') return
    const row = flatRecord(event.record)
    if (columns === undefined) {
      columns = Object.keys(row)
      if (!isResumed)
        await file.begin(`${columns.map((name) => (/[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)).join(',')}\n`)
    }
    await file.add(columns.map((name) => row[name] ?? '').join(','))
  }
}
