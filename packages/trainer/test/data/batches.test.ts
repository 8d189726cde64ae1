import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { key, scalar, tensor } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { batchesOf, countBatches, fromColumns, fromIterable } from '../../src/index.ts'
import type { Batch, Dataset } from '../../src/index.ts'

type Row = { readonly x: Constant; readonly id: Constant }

const columns = (size: number) =>
  fromColumns({
    x: tensor(
      Float32Array.from({ length: 2 * size }, (_, i) => i + 1),
      { shape: [size, 2] },
    ),
    id: tensor(Int32Array.from({ length: size }, (_, i) => i)),
  })

const stream = (size: number) =>
  fromIterable<Row>(function* () {
    for (let i = 0; i < size; i++) yield { x: tensor([2 * i + 1, 2 * i + 2]), id: scalar(i, 'int32') }
  }, size)

const all = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = []
  for await (const item of source) found.push(item)
  return found
}

const idsOf = (batches: readonly Batch<Row>[]): number[] =>
  batches.flatMap(({ examples, count }) => [...examples.id.attributes.data.subarray(0, count)])

const kinds: Record<string, (size: number) => Dataset<Row>> = { indexed: columns, streamed: stream }

describe.each(Object.entries(kinds))('batchesOf, %s', (_, make) => {
  const cases = fc.record({
    size: fc.integer({ min: 1, max: 60 }),
    batchSize: fc.integer({ min: 1, max: 20 }),
    seed: fc.option(fc.nat(), { nil: undefined }),
  })

  it('gives every example exactly once, in batches of one shape, padding at weight 0', () =>
    fc.assert(
      fc.asyncProperty(cases, async ({ size, batchSize, seed }) => {
        const batches = await all(batchesOf(make(size), { batchSize, ...(seed === undefined ? {} : { key: key(seed) }), shuffleBuffer: 7 }))
        expect(batches.length).toBe(countBatches(make(size), batchSize))
        expect(idsOf(batches).toSorted((a, b) => a - b)).toEqual(Array.from({ length: size }, (__, i) => i))
        for (const { examples, weight, count } of batches) {
          expect(examples.x.shape).toEqual([batchSize, 2])
          expect([...weight.attributes.data]).toEqual(Array.from({ length: batchSize }, (__, row) => (row < count ? 1 : 0)))
          examples.id.attributes.data.forEach((id, row) => {
            expect([...examples.x.attributes.data.subarray(2 * row, 2 * row + 2)]).toEqual(row < count ? [2 * id + 1, 2 * id + 2] : [0, 0])
          })
        }
      }),
      { numRuns: 40 },
    ))

  it('skips whole batches of the same order', () =>
    fc.assert(
      fc.asyncProperty(cases, fc.nat(5), async ({ size, batchSize, seed = 1 }, skip) => {
        const options = { batchSize, key: key(seed), shuffleBuffer: 7 }
        const whole = idsOf(await all(batchesOf(make(size), options)))
        const rest = idsOf(await all(batchesOf(make(size), { ...options, skip })))
        expect(rest).toEqual(whole.slice(skip * batchSize))
      }),
      { numRuns: 30 },
    ))

  it('orders by key: the same key twice, another key differently, no key as stored', async () => {
    const order = async (seed?: number) =>
      idsOf(await all(batchesOf(make(50), { batchSize: 8, ...(seed === undefined ? {} : { key: key(seed) }) })))
    expect(await order(1)).toEqual(await order(1))
    expect(await order(1)).not.toEqual(await order(2))
    expect(await order()).toEqual(Array.from({ length: 50 }, (__, i) => i))
  })

  it('leaves the last batch short when asked', async () => {
    const batches = await all(batchesOf(make(10), { batchSize: 4, pad: false }))
    expect(batches.map(({ examples }) => examples.x.shape)).toEqual([
      [4, 2],
      [4, 2],
      [2, 2],
    ])
  })
})
