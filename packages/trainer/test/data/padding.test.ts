import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { key, scalar, tensor, toArray } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import {
  batchesOf,
  cache,
  countBatches,
  filterExamples,
  fromColumns,
  fromIterable,
  fromSequences,
  mapExamples,
  padToBuckets,
  padToLongest,
  splitDataset,
} from '../../src/index.ts'
import type { Batch, Dataset } from '../../src/index.ts'
import { groupsOf } from '../../src/data/batches.ts'

type Row = { readonly x: Constant; readonly y: Constant; readonly id: Constant }

/** A sequence of its own number, repeated; the targets are one longer. */
const row = (length: number, id: number): Row => ({
  x: tensor(new Float32Array(length).fill(id + 1)),
  y: tensor(new Int32Array(length + 1).fill(id + 1)),
  id: scalar(id, 'int32'),
})

const kinds: Record<string, (lengths: readonly number[]) => Dataset<Row>> = {
  indexed: (lengths) => fromSequences([...lengths.entries()], ([id, length]) => row(length, id)),
  streamed: (lengths) => fromIterable(() => lengths.map(row)),
}

const all = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = []
  for await (const item of source) found.push(item)
  return found
}

const buckets = [4, 8, 16]
const fill = { x: -1, y: -2 }
const padded = (dataset: Dataset<Row>) => padToBuckets(buckets, dataset, { fill })
const bucketFor = (length: number) => buckets.find((bucket) => bucket >= length + 1) as number
const idsOf = (batches: readonly Batch<Row>[]): number[] =>
  batches.flatMap(({ examples, count }) => [...examples.id.attributes.data.subarray(0, count)])

const cases = fc.record({
  lengths: fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 70 }),
  batchSize: fc.integer({ min: 1, max: 6 }),
  together: fc.integer({ min: 1, max: 3 }),
  seed: fc.option(fc.nat(), { nil: undefined }),
})

describe.each(Object.entries(kinds))('padToBuckets, %s', (_, make) => {
  const optionsOf = (batchSize: number, seed: number | undefined) => ({
    batchSize,
    shuffleBuffer: 20,
    ...(seed === undefined ? {} : { key: key(seed) }),
  })

  it('gives every example once, filled up to its bucket, in batches of one bucket', () =>
    fc.assert(
      fc.asyncProperty(cases, async ({ lengths, batchSize, seed }) => {
        const batches = await all(batchesOf(padded(make(lengths)), optionsOf(batchSize, seed)))
        expect(idsOf(batches).toSorted((a, b) => a - b)).toEqual(lengths.map((__, i) => i))
        for (const { examples, weight, count, numbers } of batches) {
          const [rows, bucket] = examples.x.shape as [number, number]
          expect([rows, weight.shape[0], numbers.length]).toEqual([batchSize, batchSize, count])
          expect(examples.y.shape).toEqual([rows, bucket])
          for (let i = 0; i < count; i++) {
            const id = examples.id.attributes.data[i] as number
            const length = lengths[id] as number
            expect(bucket).toBe(bucketFor(length))
            const own = (leaf: Constant) => [...leaf.attributes.data.subarray(i * bucket, (i + 1) * bucket)]
            const filled = (given: number, value: number) => Array.from({ length: bucket }, (__, at) => (at < given ? id + 1 : value))
            expect(own(examples.x)).toEqual(filled(length, -1))
            expect(own(examples.y)).toEqual(filled(length + 1, -2))
          }
        }
      }),
      { numRuns: 30 },
    ))

  it('puts the parts of an update together, and skips whole updates of the same order', () =>
    fc.assert(
      fc.asyncProperty(cases, fc.nat(5), async ({ lengths, batchSize, together, seed }, skip) => {
        const options = optionsOf(batchSize, seed)
        const groups = await all(groupsOf(padded(make(lengths)), together, options))
        const shapes = groups.map((group) => new Set(group.map(({ examples }) => examples.x.shape.join())))
        expect(shapes.every(({ size }) => size === 1)).toBe(true)
        // One part-filled group a bucket at most.
        const short = groups.filter((group) => idsOf(group).length < batchSize * together)
        expect(short.length).toBeLessThanOrEqual(buckets.length)
        const rest = await all(groupsOf(padded(make(lengths)), together, { ...options, skip }))
        expect(rest.map(idsOf)).toEqual(groups.slice(skip).map(idsOf))
      }),
      { numRuns: 30 },
    ))

  it('goes through transformations', async () => {
    const lengths = [3, 1, 12, 6, 2]
    const doubled = mapExamples(
      ({ x, y, id }: Row): Row => ({ x: tensor(x.attributes.data.map((v) => 2 * v)), y, id }),
      padded(make(lengths)),
    )
    const long = await cache(filterExamples(({ id }: Row) => (id.attributes.data[0] as number) !== 1, doubled))
    const batches = await all(batchesOf(long, { batchSize: 2 }))
    expect(batches.map(({ examples }) => examples.x.shape)).toEqual([
      [2, 4],
      [2, 16],
      [2, 8],
    ])
    expect(batches[0]?.examples.x.attributes.data[0]).toBe(2)
  })
})

describe('buckets', () => {
  const lengths = Array.from({ length: 240 }, (_, i) => 1 + ((i * 7) % 15))
  const data = padded(kinds['indexed']?.(lengths) as Dataset<Row>)

  it('take turns, in an order that depends on the key', async () => {
    const order = async (seed: number) =>
      (await all(batchesOf(data, { batchSize: 4, key: key(seed) }))).map(({ examples }) => examples.x.shape[1] as number)
    const [one, other] = [await order(1), await order(2)]
    expect(one).not.toEqual(other)
    const turns = one.filter((bucket, i) => bucket !== one[i - 1]).length
    expect(turns).toBeGreaterThan(6)
    const ascending = (order: readonly number[]) => order.toSorted((a, b) => a - b)
    expect(ascending(one)).toEqual(ascending(other))
  })

  it('are counted', async () => {
    for (const batchSize of [3, 7, 64]) expect((await all(batchesOf(data, { batchSize }))).length).toBe(countBatches(data, batchSize))
    for (const together of [1, 2, 3])
      expect((await all(groupsOf(data, together, { batchSize: 5 }))).length).toBe(countBatches(data, 5, together))
    expect(countBatches(padded(kinds['streamed']?.(lengths) as Dataset<Row>), 3)).toBe(undefined)
  })

  it('are kept by both sides of a split', async () => {
    const indexed = padToBuckets(
      buckets,
      fromSequences(lengths, (length) => row(length, 0)),
      { fill },
    )
    for (const side of splitDataset(0.7, indexed, { key: key(0) }))
      for (const { examples } of await all(batchesOf(side, { batchSize: 4 }))) expect(buckets).toContain(examples.x.shape[1])
  })

  it('must fit the longest example', async () =>
    expect(
      all(
        batchesOf(
          padToBuckets(
            [4],
            fromSequences([9], (length) => row(length, 0)),
          ),
          { batchSize: 1 },
        ),
      ),
    ).rejects.toThrow('buckets: expected one of at least 10, got 4'))

  it('cannot fill what has no axis', async () =>
    expect(
      all(
        batchesOf(
          padToBuckets(
            [9],
            fromSequences([3], (length) => row(length, 0)),
            { fill: { id: 0 } },
          ),
          { batchSize: 1 },
        ),
      ),
    ).rejects.toMatchObject({ tag: 'SettingsError', path: 'fill.id' }))
})

describe('padToLongest', () => {
  it('fills a batch up to its longest example, and the parts of an update alike', async () => {
    const data = padToLongest(
      fromSequences([3, 5, 2, 9, 1], (length) => row(length, 0)),
      { fill: { x: 0, y: 0 } },
    )
    expect((await all(batchesOf(data, { batchSize: 2 }))).map(({ examples }) => examples.y.shape)).toEqual([
      [2, 6],
      [2, 10],
      [2, 2],
    ])
    expect((await all(groupsOf(data, 2, { batchSize: 2 }))).map((group) => group.map(({ examples }) => examples.y.shape[1]))).toEqual([
      [10, 10],
      [2],
    ])
  })

  it('rounds lengths up, for streams too', async () => {
    const data = padToLongest(
      fromIterable(() => [3, 5, 2].map(row)),
      { multipleOf: 4, fill: { x: 0, y: 0 } },
    )
    expect((await all(batchesOf(data, { batchSize: 2 }))).map(({ examples }) => examples.x.shape)).toEqual([
      [2, 8],
      [2, 4],
    ])
  })

  it('leaves what needs no filling as it is', () => {
    const data = padToLongest(
      fromColumns({
        x: tensor([
          [1, 2],
          [3, 4],
        ]),
        y: tensor([5, 6]),
      }),
    )
    expect(toArray(data.rows(Int32Array.of(1, 0)).x)).toEqual([
      [3, 4],
      [1, 2],
    ])
  })
})

it('sequences of different lengths are not stacked without padding', () =>
  expect(() => fromSequences([1, 2], (length) => row(length, 0)).rows(Int32Array.of(0, 1))).toThrow(
    'for sequences of different lengths use',
  ))
