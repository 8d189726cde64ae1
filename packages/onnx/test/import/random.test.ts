import { evaluate, key } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { describe, expect, it } from 'vitest'
import { model } from './build.ts'
import type { Graph } from './build.ts'
import { read } from './run.ts'

const noisy: Graph = {
  nodes: [
    { op: 'RandomNormal', inputs: [], outputs: ['first'], attributes: { shape: [1000], mean: { float: 2 }, scale: { float: 0.5 } } },
    { op: 'RandomNormal', inputs: [], outputs: ['second'], attributes: { shape: [1000], mean: { float: 2 }, scale: { float: 0.5 } } },
    { op: 'RandomUniform', inputs: [], outputs: ['flat'], attributes: { shape: [1000], low: { float: -3 }, high: { float: 1 } } },
  ],
  outputs: ['first', 'second', 'flat'],
}

const draw = (from?: Tensor): Record<string, number[]> =>
  Object.fromEntries(
    Object.entries(read(model(noisy)).apply({}, {}, from)).map(([name, value]) => [
      name,
      Array.from((evaluate(value) as Constant).attributes.data),
    ]),
  )

const meanOf = (values: readonly number[] = []): number => values.reduce((sum, value) => sum + value, 0) / values.length

describe('random operators', () => {
  it('draw the same numbers from the same key, and others from another', () => {
    expect(draw(key(1))).toEqual(draw(key(1)))
    expect(draw()).toEqual(draw())
    expect(draw(key(1))['first']).not.toEqual(draw(key(2))['first'])
  })

  it('draw other numbers in every node', () => {
    const { first, second } = draw(key(3))
    expect(first).not.toEqual(second)
  })

  it('draw from the distribution of their attributes', () => {
    const { first, flat } = draw(key(4))
    expect(Math.abs(meanOf(first) - 2)).toBeLessThan(0.1)
    expect(Math.abs(meanOf(flat) + 1)).toBeLessThan(0.2)
    expect(flat?.every((value) => value > -3 && value < 1)).toBe(true)
  })
})
