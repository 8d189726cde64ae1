import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode as encodePng } from 'fast-png'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { encode as encodeJpeg } from 'jpeg-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scalar, tensor, toArray } from '@grad-ts/tensor'
import {
  cache,
  DataError,
  examplesOf,
  fromCsv,
  fromJsonLines,
  fromParquet,
  fromTextLines,
  readImage,
  readImageFolder,
} from '../../src/index.ts'
import type { Dataset } from '../../src/index.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-'))
})
afterAll(() => rm(folder, { recursive: true }))

const write = async (name: string, content: string | Uint8Array): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

const values = async (dataset: Dataset): Promise<unknown[]> => {
  const found: unknown[] = []
  for await (const example of examplesOf(dataset)) found.push(toArray(example as never))
  return found
}

const failure = (dataset: Dataset): Promise<unknown> => values(dataset).catch((error: unknown) => error)

describe('fromCsv', () => {
  const numbers = (row: Readonly<Record<string, string>>) => tensor([Number(row['a']), Number(row['b'])])

  it('reads rows, with quotes and another delimiter, again for every pass', async () => {
    const plain = fromCsv(await write('plain.csv', '\uFEFFa,b\n1,"2"\n\n3,4\n'), numbers)
    expect(await values(plain)).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(await values(plain)).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(await values(fromCsv(await write('semi.csv', '5;6\n'), numbers, { delimiter: ';', columns: ['a', 'b'] }))).toEqual([[5, 6]])
    expect((await cache(plain)).size).toBe(2)
  })

  it('names file and line of what is wrong', async () => {
    expect(await failure(fromCsv(await write('short.csv', 'a,b\n1,2\n3\n'), numbers))).toMatchObject({
      tag: 'DataError',
      message: expect.stringMatching(/line 3/) as string,
    })
    const strict = fromCsv(await write('bad.csv', 'a,b\n1,2\nx,4\n'), ({ a }) => {
      if (Number.isNaN(Number(a))) throw new Error(`a is '${a}', expected a number`)
      return scalar(Number(a))
    })
    expect(await failure(strict)).toMatchObject({
      tag: 'DataError',
      message: expect.stringMatching(/line 3: a is 'x', expected a number/) as string,
    })
    expect(await failure(fromCsv(join(folder, 'none.csv'), numbers))).toMatchObject({
      tag: 'DataError',
      message: expect.stringMatching(/no such file/) as string,
    })
  })
})

describe('lines', () => {
  it('are text or JSON', async () => {
    expect(await values(fromTextLines(await write('text.txt', 'abc\r\n\nde'), (text) => scalar(text.length)))).toEqual([3, 2])
    expect(
      await values(fromJsonLines(await write('rows.jsonl', '{"v":1}\n{"v":2}\n'), (row) => scalar((row as { readonly v: number }).v))),
    ).toEqual([1, 2])
  })

  it('are named when they are wrong', async () => {
    expect(await failure(fromJsonLines(await write('bad.jsonl', '{"v":1}\n{"v":\n'), () => scalar(0)))).toMatchObject({
      tag: 'DataError',
      message: expect.stringMatching(/bad\.jsonl: line 2: /) as string,
    })
    expect(await failure(fromTextLines(join(folder, 'none.txt'), () => scalar(0)))).toBeInstanceOf(DataError)
  })
})

describe('fromParquet', () => {
  it('reads the rows of every group', async () => {
    const columnData = [
      { name: 'id', data: [1, 2, 3, 4, 5], type: 'INT32' as const },
      { name: 'name', data: ['a', 'bb', 'ccc', 'd', 'e'], type: 'STRING' as const },
    ]
    const path = await write('rows.parquet', new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 2 })))
    expect(await values(fromParquet(path, ({ id, name }) => tensor([Number(id), String(name).length])))).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 1],
      [5, 1],
    ])
    expect(await values(fromParquet(path, (row) => scalar(Object.keys(row).length), { columns: ['id'] }))).toEqual([1, 1, 1, 1, 1])
  })

  it('refuses what is no Parquet file', async () =>
    expect(await failure(fromParquet(await write('no.parquet', 'no'), () => scalar(0)))).toMatchObject({ tag: 'DataError' }))
})

describe('pictures', () => {
  const grey = encodePng({ width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 255) })

  it('are read as numbers from 0 to 1', async () => {
    expect(toArray(await readImage(await write('a.png', grey)))).toEqual([[[0], [1]]])
    const white = encodeJpeg({ width: 8, height: 8, data: Buffer.alloc(256, 255) }, 100).data
    const jpeg = await readImage(await write('a.jpg', white))
    expect(jpeg.shape).toEqual([8, 8, 3])
    expect(Math.min(...jpeg.attributes.data)).toBeGreaterThan(0.98)
  })

  it('stand in a folder for each class', async () => {
    for (const name of ['cat', 'ant']) {
      await mkdir(join(folder, 'pictures', name), { recursive: true })
      await write(`pictures/${name}/1.png`, grey)
      await write(`pictures/${name}/notes.txt`, 'no picture')
    }
    const { classes, data } = await readImageFolder(join(folder, 'pictures'))
    expect(classes).toEqual(['ant', 'cat'])
    expect(data.size).toBe(2)
    expect((await cache(data)).rows(Int32Array.of(0, 1)).y.attributes.data).toEqual(Int32Array.of(0, 1))
  })

  it('are named when they are damaged or missing', async () => {
    await expect(readImage(await write('bad.png', 'no'))).rejects.toMatchObject({ tag: 'DataError' })
    await expect(readImage(join(folder, 'x.gif'))).rejects.toThrow('expected one of .png, .jpg')
    await expect(readImageFolder(join(folder, 'nowhere'))).rejects.toBeInstanceOf(DataError)
  })
})
