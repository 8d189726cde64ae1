import { describe, expect, it } from 'vitest'
import { key, scalar, tensor } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import {
  cache,
  examplesOf,
  filterExamples,
  fromColumns,
  fromIterable,
  fromRecords,
  mapExamples,
  SettingsError,
  splitDataset,
  take,
} from '../../src/index.ts'
import type { Dataset } from '../../src/index.ts'

type Row = { readonly id: Constant; readonly label: Constant }

const row = (i: number): Row => ({ id: scalar(i), label: scalar(i % 3, 'int32') })
const numbers = Array.from({ length: 30 }, (_, i) => i)
const indexed = fromRecords(numbers, row)
const streamed = fromIterable(() => numbers.map(row), 30)

const valueOf = ({ attributes: { data } }: Constant): number => data[0] as number
const ids = async (dataset: Dataset<Row>): Promise<number[]> => {
  const found: number[] = []
  for await (const { id } of examplesOf(dataset)) found.push(valueOf(id))
  return found
}

describe.each([
  ['indexed', indexed as Dataset<Row>],
  ['streamed', streamed as Dataset<Row>],
])('%s', (_, dataset) => {
  it('maps each example', async () => {
    expect(await ids(mapExamples(({ id, label }: Row): Row => ({ id: scalar(valueOf(id) * 2), label }), dataset))).toEqual(
      numbers.map((i) => i * 2),
    )
  })

  it('filters and takes', async () => {
    expect(await ids(filterExamples(({ label }: Row) => valueOf(label) === 1, dataset))).toEqual(numbers.filter((i) => i % 3 === 1))
    expect(await ids(take(4, dataset))).toEqual([0, 1, 2, 3])
    expect(await ids(take(0, dataset))).toEqual([])
  })

  it('caches', async () => {
    const cached = await cache(dataset)
    expect(cached.tag).toBe('indexed')
    expect(await ids(cached)).toEqual(numbers)
  })
})

describe('splitDataset', () => {
  it('puts every example on one side, the same for the same key', async () => {
    const [first, second] = splitDataset(0.8, indexed, { key: key(3) })
    expect(first.size).toBe(24)
    expect([...(await ids(first)), ...(await ids(second))].toSorted((a, b) => a - b)).toEqual(numbers)
    expect(await ids(splitDataset(0.8, indexed, { key: key(3) })[1])).toEqual(await ids(second))
    expect(await ids(splitDataset(0.8, indexed, { key: key(4) })[1])).not.toEqual(await ids(second))
  })

  it('keeps the share of every class when stratified', async () => {
    const [, second] = splitDataset(0.7, indexed, { key: key(0), stratifyBy: ({ label }) => valueOf(label) })
    const counts = [0, 1, 2].map((label) => filterExamples((example: Row) => valueOf(example.label) === label, second).size)
    expect(counts).toEqual([3, 3, 3])
  })

  it('refuses a fraction outside (0, 1)', () => expect(() => splitDataset(1, indexed, { key: key(0) })).toThrow(SettingsError))
})

describe('data sets that cannot be', () => {
  it('names the column whose length differs', () =>
    expect(() => fromColumns({ x: tensor([1, 2]), y: tensor([1]) })).toThrow("data.y: expected 2 examples, as many as 'x' has, got 1"))
  it('names the example whose shape differs', () =>
    expect(() => fromRecords([1, 2], (n) => ({ x: tensor(new Float32Array(n)) }))).toThrow(
      'expected every example to be float32[1], got float32[2] at 1',
    ))
})
