import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { DataError } from '../errors.ts'
import { fromIterable } from './dataset.ts'
import type { Example, StreamedDataset } from './dataset.ts'

const failed = (path: string, cause: unknown): DataError => {
  if (cause instanceof DataError) return cause
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'ENOENT') return new DataError(path, 'no such file; check the path', { cause })
  return new DataError(path, cause instanceof Error ? cause.message : String(cause), { cause })
}

/** Reads a file line by line; it is never in memory as a whole. */
async function* linesOf(path: string): AsyncGenerator<readonly [text: string, line: number]> {
  const stream = createReadStream(path, 'utf8')
  const opened = new Promise((resolve, reject) => stream.once('open', resolve).once('error', reject))
  try {
    await opened
    let line = 0
    for await (const text of createInterface({ input: stream, crlfDelay: Infinity })) yield [text, ++line]
  } catch (cause) {
    throw failed(path, cause)
  } finally {
    stream.destroy()
  }
}

/** What the caller makes of a row; a throw becomes a `DataError` that names the line. */
const encoded = <Row, E>(path: string, line: number, row: Row, encode: (row: Row) => E): E => {
  try {
    return encode(row)
  } catch (cause) {
    throw new DataError(path, `line ${line}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/**
 * Makes a data set of the lines of a text file (UTF-8). Empty lines are passed over.
 *
 * @param encode makes an example of a line
 * @returns a stream that opens the file anew for every pass; errors are `DataError`s
 */
export const fromTextLines = <E extends Example>(path: string, encode: (text: string) => E): StreamedDataset<E> =>
  fromIterable(async function* () {
    for await (const [text, line] of linesOf(path)) if (text !== '') yield encoded(path, line, text, encode)
  })

/**
 * Makes a data set of a file with one JSON value per line.
 *
 * @param encode makes an example of a value; its type is yours to check
 * @returns a stream that opens the file anew for every pass; errors are `DataError`s that name the line
 */
export const fromJsonLines = <E extends Example>(path: string, encode: (value: unknown) => E): StreamedDataset<E> =>
  fromTextLines(path, (text) => encode(JSON.parse(text) as unknown))

export interface CsvOptions {
  /** Default: comma. */
  readonly delimiter?: string
  /** Names of the columns (default: the first line has them). */
  readonly columns?: readonly string[]
}

/**
 * Makes a data set of a table of text values.
 *
 * @param encode makes an example of a row; values are strings by the name of their column
 * @returns a stream that opens the file anew for every pass; errors are `DataError`s that name the line
 */
export const fromCsv = <E extends Example>(
  path: string,
  encode: (row: Readonly<Record<string, string>>) => E,
  { delimiter = ',', columns }: CsvOptions = {},
): StreamedDataset<E> =>
  fromIterable(async function* () {
    const { CsvError, parse } = await import('csv-parse')
    const stream = createReadStream(path)
    const parser = parse({ delimiter, columns: columns === undefined ? true : [...columns], bom: true, skip_empty_lines: true, info: true })
    stream.once('error', (error) => parser.destroy(error))
    stream.pipe(parser)
    try {
      for await (const { record, info } of parser as AsyncIterable<{
        readonly record: Record<string, string>
        readonly info: { readonly lines: number }
      }>)
        yield encoded(path, info.lines, record, encode)
    } catch (cause) {
      throw cause instanceof CsvError
        ? new DataError(path, `${cause.message}; check the quotes and the number of columns`, { cause })
        : failed(path, cause)
    } finally {
      stream.destroy()
    }
  })
