import { describe, expect, it } from 'vitest'
import { decode } from 'fast-png'
import { tensor } from '@grad-ts/tensor'
import { confusionChart, rangeTestChart, reportOf, searchSections } from '../../src/report/index.ts'
import { choice, range } from '../../src/index.ts'
import type { EpochRecord, History } from '../../src/index.ts'
import { alertsOf } from '../../src/report/alerts.ts'

const epochs: readonly EpochRecord[] = [1, 2].map((epoch) => ({
  epoch,
  step: epoch * 2,
  loss: 1 / epoch,
  metrics: { accuracy: 0.5 * epoch },
  validation: { loss: 1.5 / epoch, metrics: { accuracy: 0.4 * epoch } },
  learningRate: 0.01,
  seconds: 1,
  examples: 8,
}))

const history = (steps: Partial<History['steps']> = {}): History => ({
  epochs,
  steps: { loss: [2, 1.5, 1, 0.5], learningRate: [0.01, 0.01, 0.01, 0.01], lossScale: [], gradientNorm: [], updateRatio: [], ...steps },
})

const page = reportOf({
  title: 'A <b>run</b>',
  history: history({ gradientNorm: [1, 1, 1, 1], updateRatio: [1e-3, 1e-3, 1e-3, 1e-3] }),
  facts: [{ name: 'accuracy', value: '98 %' }],
  confusion: {
    counts: [
      [7, 1],
      [0, 9],
    ],
    names: ['cat', 'dog'],
  },
  samples: { title: 'Mistakes', items: [{ image: tensor([[0, 1]]), caption: 'a "cat"' }] },
})

const headings = [...page.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, text]) => text)

describe('reportOf', () => {
  it('has a box for everything that it was given', () =>
    expect(headings).toEqual([
      'Loss',
      'Accuracy',
      'Learning rate',
      'Gradient norm',
      'Update-to-parameter ratio',
      'Confusion matrix',
      'Mistakes',
      'Epochs',
    ]))

  it('needs nothing from elsewhere', () => {
    expect(page).not.toMatch(/<script|<link|@import/)
    expect([...page.matchAll(/(?:src|href)="([^"]*)"/g)].every(([, address]) => address?.startsWith('data:'))).toBe(true)
    expect(page.replaceAll('http://www.w3.org/', '')).not.toMatch(/https?:\/\//)
  })

  it('escapes what it is given', () => {
    expect(page).toMatch('A &lt;b&gt;run&lt;/b&gt;')
    expect(page).toMatch('a &quot;cat&quot;')
  })

  it('draws the counts of the confusion matrix and leaves zeros out', () => {
    const box = page.slice(page.indexOf('Confusion matrix'), page.indexOf('Mistakes'))
    expect([...box.matchAll(/<text[^>]*>(\d+)<\/text>/g)].map(([, count]) => count)).toEqual(['7', '1', '9'])
  })

  it('embeds pictures as they are', () => {
    const [, data = ''] = /src="data:image\/png;base64,([^"]+)"/.exec(page) ?? []
    const { width, height, data: pixels } = decode(Buffer.from(data, 'base64'))
    expect([width, height, [...pixels]]).toEqual([2, 1, [0, 255]])
  })

  it('takes a run of many updates', () => {
    const many = Array.from({ length: 200_000 }, (_, i) => 1 + (i % 7))
    expect(reportOf({ title: 'long', history: history({ loss: many, gradientNorm: many, updateRatio: many }) }).length).toBeLessThan(
      300_000,
    )
  })

  it('leaves out what a history lacks', () =>
    expect(
      reportOf({
        title: 'x',
        history: { epochs: [], steps: { loss: [1], learningRate: [], lossScale: [], gradientNorm: [], updateRatio: [] } },
      }),
    ).not.toMatch('Learning rate</h2>'))
})

describe('alertsOf', () => {
  const flat = (length: number, value: number): number[] => Array.from({ length }, () => value)

  it('finds nothing in a calm run', () => expect(alertsOf(history({ gradientNorm: flat(50, 1), updateRatio: flat(50, 1e-3) }))).toEqual([]))

  it.each([
    ['Vanishing gradients', { gradientNorm: [...flat(40, 1), ...flat(10, 1e-9)] }],
    ['Exploding gradients', { gradientNorm: [...flat(40, 1), 5000, ...flat(9, 1)] }],
    ['Updates are large', { updateRatio: flat(10, 0.5) }],
    ['Updates are tiny', { updateRatio: flat(10, 1e-9) }],
    ['The loss rose', { loss: [...flat(20, 1), ...flat(20, 3)] }],
  ])('warns: %s', (text, steps) => expect(alertsOf(history(steps)).join()).toMatch(text))
})

describe('a range test', () => {
  const rates = Array.from({ length: 50 }, (_, i) => 1e-4 * 1.3 ** i)
  const losses = rates.map((rate) => (rate < 1 ? 1 / (1 + rate * 10) : rate))

  it('is drawn until the loss explodes, with what is suggested', () => {
    const chart = rangeTestChart({ rates, losses, smoothed: losses, suggestion: 0.075 })
    expect(chart).toMatch('suggested: 0.07500')
    const labels = [...chart.matchAll(/>([\d.]+)<\/text>/g)].map(([, label]) => Number(label))
    expect(Math.max(...labels)).toBeLessThan(10)
  })
})

describe('a search', () => {
  const space = { rate: range(0.001, 1, 'log'), size: choice([8, 16]), kind: choice(['a', 'b']) }
  const trial = (rate: number, score: number, budget = 4) => ({ candidate: { rate, size: 8, kind: 'b' } as const, budget, score })
  const trials = [trial(0.25, 3, 1), trial(0.125, 2), trial(0.5, NaN), trial(0.03125, 1)]

  it('has a chart for every number, and the best trials first', () => {
    const sections = searchSections({ best: trials[3] as (typeof trials)[0], trials, mode: 'min' }, space)
    expect(sections.map(({ title }) => title)).toEqual(['Score over rate', 'Score over size', 'Trials'])
    const rows = [...(sections[2]?.body ?? '').matchAll(/<tr><td>(.*?)<\/td>.*?<td>([^<]*)<\/td><\/tr>/g)].map(([, rate, score]) => [
      rate,
      score,
    ])
    expect(rows).toEqual([
      ['0.03125', '1.000'],
      ['0.1250', '2.000'],
      ['0.5000', 'diverged'],
      ['0.2500', '3.000'],
    ])
  })

  it('shows as many trials as asked, of large scores the largest', () => {
    const [last] = searchSections({ best: trials[1] as (typeof trials)[0], trials, mode: 'max' }, { kind: space.kind }, { most: 1 }).slice(
      -1,
    )
    expect(last?.title).toBe('The best 1 of 4 trials')
    expect(last?.body).toMatch('<td>2.000</td>')
  })
})

it('a confusion matrix may be what the metric gives', () => {
  const counts = [
    [7, 1.5],
    [0, 9],
  ]
  expect(confusionChart(tensor(counts), ['cat', 'dog'])).toBe(confusionChart(counts, ['cat', 'dog']))
  expect(confusionChart(counts, ['cat', 'dog'])).toMatch('>1.50<')
})
