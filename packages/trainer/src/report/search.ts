import { showValue } from '../progress/display.ts'
import type { RangeTest } from '../search/range-test.ts'
import type { SearchResult } from '../search/search.ts'
import type { Space } from '../search/space.ts'
import { lineChart } from './charts/line.ts'
import { scatterChart } from './charts/scatter.ts'
import { htmlTable } from './html.ts'
import type { Section } from './html.ts'

/** Draws the losses that a rising learning rate met, with the rate that is suggested. */
export const rangeTestChart = ({ rates, losses, smoothed, suggestion }: RangeTest): string => {
  // From where the loss explodes there is nothing more to see.
  const start = smoothed[0] ?? NaN
  const end = smoothed.findIndex((loss) => loss > 2 * start)
  const shown = end < 0 ? smoothed.length : end + 1
  const x = rates.slice(0, shown)
  return lineChart({
    xLabel: 'learning rate',
    xScale: 'log',
    yLabel: 'loss',
    series: [
      { name: 'batch', x, y: losses.slice(0, shown).map((loss) => Math.min(loss, 2 * start)), faint: true },
      { name: 'loss', x, y: smoothed.slice(0, shown) },
    ],
    marks: [{ x: suggestion, label: `suggested: ${showValue(suggestion)}` }],
  })
}

const show = (value: unknown): string => (typeof value === 'number' && !Number.isInteger(value) ? showValue(value) : String(value))

const isLog = (space: Space, name: string): boolean => {
  const dimension = space[name]
  return dimension?.tag === 'range' && dimension.scale === 'log'
}

/**
 * Makes the boxes of a report on a search: the scores over each setting that is a number, and a table of the trials, the best first.
 *
 * @param space what was searched over
 * @param options.most rows of the table (default 12)
 */
export const searchSections = <S extends Space>(
  { best, trials, mode }: SearchResult<S>,
  space: S,
  { most = 12 }: { readonly most?: number } = {},
): readonly Section[] => {
  const valueOf = (trial: (typeof trials)[number], name: string): unknown => (trial.candidate as Readonly<Record<string, unknown>>)[name]
  const names = Object.keys(space)
  const charts = names
    .filter((name) => trials.every((trial) => typeof valueOf(trial, name) === 'number'))
    .map((name) => ({
      title: `Score over ${name}`,
      body: scatterChart(
        trials.flatMap((trial) =>
          Number.isFinite(trial.score)
            ? [{ x: valueOf(trial, name) as number, y: trial.score, group: `budget ${show(trial.budget)}` }]
            : [],
        ),
        { x: name, y: 'score', logX: isLog(space, name), chosen: { x: valueOf(best, name) as number, y: best.score } },
      ),
    }))
  const order = (score: number): number => (Number.isFinite(score) ? (mode === 'min' ? score : -score) : Infinity)
  const rows = trials
    .toSorted((a, b) => b.budget - a.budget || order(a.score) - order(b.score))
    .slice(0, most)
    .map((trial) => [
      ...names.map((name) => show(valueOf(trial, name))),
      show(trial.budget),
      Number.isFinite(trial.score) ? showValue(trial.score) : 'diverged',
    ])
  const title = trials.length > most ? `The best ${most} of ${trials.length} trials` : 'Trials'
  return [...charts, { title, kind: 'wide', body: htmlTable([...names, 'budget', 'score'], rows) }]
}
