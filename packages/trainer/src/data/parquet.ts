import { DataError } from '../errors.ts'
import { fromIterable } from './dataset.ts'
import type { Example, StreamedDataset } from './dataset.ts'

/**
 * Makes a data set of a Parquet file, read one row group at a time.
 *
 * @param encode makes an example of a row
 * @param options.columns which columns to read (default: all)
 * @returns a stream that opens the file anew for every pass; errors are `DataError`s
 */
export const fromParquet = <E extends Example>(
  path: string,
  encode: (row: Readonly<Record<string, unknown>>) => E,
  { columns }: { readonly columns?: readonly string[] } = {},
): StreamedDataset<E> =>
  fromIterable(async function* () {
    const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import('hyparquet')
    try {
      const file = await asyncBufferFromFile(path)
      const metadata = await parquetMetadataAsync(file)
      let rowStart = 0
      for (const { num_rows: rows } of metadata.row_groups) {
        const rowEnd = rowStart + Number(rows)
        for (const row of await parquetReadObjects({
          file,
          metadata,
          rowStart,
          rowEnd,
          ...(columns === undefined ? {} : { columns: [...columns] }),
        }))
          yield encode(row)
        rowStart = rowEnd
      }
    } catch (cause) {
      throw new DataError(path, `cannot be read as Parquet (${cause instanceof Error ? cause.message : String(cause)})`, { cause })
    }
  })
