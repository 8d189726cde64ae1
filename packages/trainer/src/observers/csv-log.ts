import type { TrainEvent } from '../training/events.ts'
import { flatRecord } from './flat-record.ts'
import { lineFile } from './line-file.ts'

const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** The fields of a line; those in quotation marks may hold commas. */
const fieldsOf = (line: string): string[] =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, inner, plain]) => inner?.replaceAll('""', '"') ?? plain ?? '')

/**
 * Makes an observer that writes a table with one line per epoch. A resumed run goes on where its checkpoint was: later lines are dropped.
 *
 * @param path where; folders are made
 */
export const csvLog = (path: string): ((event: TrainEvent) => Promise<void>) => {
  const file = lineFile(path)
  let columns: readonly string[] = []
  /** Values that first appear in a later epoch, such as those of a validation every second one, get columns of their own. */
  const widen = async (names: readonly string[]): Promise<void> => {
    const added = names.filter((name) => !columns.includes(name))
    if (added.length === 0) return
    const [, ...rows] = columns.length === 0 ? [] : await file.lines()
    columns = [...columns, ...added]
    const lines = [columns.map(quoted).join(','), ...rows.map((row) => row + ','.repeat(added.length))]
    await (rows.length === 0 ? file.begin(lines) : file.replace(lines))
  }
  const resume = async (step: number): Promise<void> => {
    const [header, ...rows] = await file.lines()
    if (header === undefined) return
    columns = fieldsOf(header)
    const place = columns.indexOf('step')
    await file.replace([header, ...rows.filter((row) => Number(fieldsOf(row)[place]) <= step)])
  }
  return async (event) => {
    if (event.tag === 'started' && event.step > 0) await resume(event.step)
    if (event.tag !== 'epoch') return
    const row = flatRecord(event.record)
    await widen(Object.keys(row))
    await file.add(columns.map((name) => row[name] ?? '').join(','))
  }
}
