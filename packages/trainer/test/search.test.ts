import { describe, expect, it } from 'vitest'
import { meanSquaredError } from '@grad-ts/nn'
import { sgd } from '@grad-ts/optim'
import { choice, NonFiniteError, range, rangeTest, rangeTestOrThrow, search, searchOrThrow, SettingsError } from '../src/index.ts'
import { linearData, smallModel } from './training/problems.ts'

const space = { rate: range(0.01, 1, 'log'), size: choice(['small', 'large']) }
const distance = (rate: number): number => Math.abs(Math.log10(rate) + 1)

describe('searchOrThrow', () => {
  it('tries every combination of a grid', async () => {
    const { best, trials } = await searchOrThrow({
      space,
      strategy: { tag: 'grid', points: 3 },
      budget: 2,
      score: async ({ rate, size }) => distance(rate) + (size === 'small' ? 1 : 0),
    })
    expect(trials.length).toBe(6)
    expect(best.candidate.rate).toBeCloseTo(0.1, 9)
    expect(best.candidate.size).toBe('large')
  })

  it('draws random points inside the bounds, the same for a seed', async () => {
    const draw = async (seed: number) =>
      (await searchOrThrow({ space, strategy: { tag: 'random', count: 20 }, budget: 1, seed, score: async ({ rate }) => rate })).trials
    const trials = await draw(1)
    expect(trials.every(({ candidate }) => candidate.rate >= 0.01 && candidate.rate <= 1)).toBe(true)
    expect(new Set(trials.map(({ candidate }) => candidate.size))).toEqual(new Set(['small', 'large']))
    expect(await draw(1)).toEqual(trials)
    expect(await draw(2)).not.toEqual(trials)
  })

  it('halves: few go on, with more budget, and the best wins', async () => {
    const { best, trials } = await searchOrThrow({
      space,
      strategy: { tag: 'halving', count: 9, factor: 3 },
      budget: 18,
      score: async ({ rate }, budget) => distance(rate) + 1 / budget,
    })
    expect(trials.map(({ budget }) => budget)).toEqual([...Array.from({ length: 9 }, () => 2), 6, 6, 6, 18])
    const first = trials.slice(0, 9).map(({ candidate }) => distance(candidate.rate))
    expect(distance(best.candidate.rate)).toBe(Math.min(...first))
  })

  it('takes the largest score when asked, and a diverged run for the worst', async () => {
    const score = async ({ rate }: { readonly rate: number }): Promise<number> => {
      if (rate > 0.5) throw new NonFiniteError(1, NaN, [])
      return rate
    }
    const { best, trials } = await searchOrThrow({
      space: { rate: space.rate },
      strategy: { tag: 'grid', points: 3 },
      budget: 1,
      mode: 'max',
      score,
    })
    expect(best.candidate.rate).toBeCloseTo(0.1, 9)
    expect(trials.at(-1)?.score).toBeNaN()
    await expect(searchOrThrow({ space, strategy: { tag: 'random', count: 2 }, budget: 1, score: async () => NaN })).rejects.toBeInstanceOf(
      SettingsError,
    )
  })
})

describe('rangeTestOrThrow', () => {
  it('suggests a rate at which the loss falls, below those at which it diverges', async () => {
    const test = await rangeTestOrThrow({
      model: smallModel,
      loss: meanSquaredError,
      data: linearData(64),
      batchSize: 16,
      device: 'interpreter',
      from: 1e-4,
      to: 100,
      steps: 60,
      solverWith: (learningRate) => sgd({ learningRate }),
    })
    expect(test.rates[0]).toBeCloseTo(1e-4, 9)
    expect(test.suggestion).toBeGreaterThan(1e-3)
    expect(test.suggestion).toBeLessThan(1)
    expect(test.losses.length).toBeLessThan(60)
  })
})

describe('searches that cannot be', () => {
  const score = async (): Promise<number> => 1
  const refused = async (settings: object): Promise<unknown> => {
    const result = await search({ strategy: { tag: 'grid' }, budget: 1, score, ...settings } as never)()
    return result._tag === 'Left' ? result.left : 'it was accepted'
  }

  it('are refused by path', async () => {
    expect(await refused({ space: {} })).toMatchObject({ tag: 'SettingsError', path: 'space' })
    expect(await refused({ space: { size: choice([]) } })).toMatchObject({ path: 'space.size' })
    expect(await refused({ space: { rate: range(1, 0.1) } })).toMatchObject({ path: 'space.rate' })
    expect(await refused({ space: { rate: range(0, 1, 'log') } })).toMatchObject({ path: 'space.rate' })
    expect(await refused({ space, strategy: { tag: 'random', count: 0 } })).toMatchObject({ path: 'strategy.count' })
    expect(await refused({ space, strategy: { tag: 'halving', count: 3, factor: 1 } })).toMatchObject({ path: 'strategy.factor' })
  })

  it('and range tests too', async () => {
    const task = { model: smallModel, loss: meanSquaredError, data: linearData(8), solverWith: () => sgd({ learningRate: 1 }) }
    for (const [wrong, path] of [
      [{ from: 0 }, 'from'],
      [{ from: 1, to: 0.1 }, 'from'],
      [{ steps: 1 }, 'steps'],
    ] as const) {
      const result = await rangeTest({ ...task, ...wrong })()
      expect(result._tag === 'Left' && result.left).toMatchObject({ tag: 'SettingsError', path })
    }
  })
})
