import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

/** A line of a chart. */
export interface Series {
  readonly name: string
  readonly x: readonly number[]
  readonly y: readonly number[]
  /** Drawn thin and pale, behind the others: noisy raw values. */
  readonly faint?: boolean
}

export interface LineChart {
  readonly xLabel: string
  readonly yLabel: string
  readonly series: readonly Series[]
  readonly xScale?: 'linear' | 'log'
  readonly yScale?: 'linear' | 'log'
  /** Lines through every y, such as thresholds. */
  readonly rules?: readonly number[]
}

interface Point {
  readonly name: string
  readonly x: number
  readonly y: number
}

const palette = ['#3b6fd4', '#d9632b', '#2c8f5e', '#8a55c8', '#b5840f', '#c23b6b']
const size = { width: 560, height: 300, marginLeft: 56, marginRight: 16, marginBottom: 40 }

// The plotting library draws into a document; this one needs no browser.
const drawn = { document: parseHTML('<!doctype html><html><body></body></html>').document }

const pointsOf = ({ name, x, y }: Series, positive: boolean): Point[] =>
  x.flatMap((at, i) => {
    const value = y[i] as number
    return Number.isFinite(value) && (!positive || value > 0) ? [{ name, x: at, y: value }] : []
  })

/** A faint line has the colour of the first full one and stays out of the legend. */
const line = (series: Series, positive: boolean): Plot.Markish => {
  const points = pointsOf(series, positive)
  if (series.faint === true) return Plot.line(points, { x: 'x', y: 'y', stroke: palette[0] as string, strokeOpacity: 0.3, strokeWidth: 1 })
  if (points.length === 1) return Plot.dot(points, { x: 'x', y: 'y', fill: 'name' })
  return Plot.line(points, { x: 'x', y: 'y', stroke: 'name', strokeWidth: 2 })
}

const outer = (element: { readonly outerHTML: string }): string => element.outerHTML

/** A constant needs room around it: otherwise its axis has no length. */
const domainOf = (values: readonly number[]): { readonly domain?: readonly [number, number] } => {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return low === high && low > 0 ? { domain: [low / 2, low * 2] } : {}
}

/** Draws lines as an SVG, with a legend when there are several. */
export const lineChart = ({ xLabel, yLabel, series, xScale = 'linear', yScale = 'linear', rules = [] }: LineChart): string => {
  const named = series.filter(({ faint }) => faint !== true)
  return outer(
    Plot.plot({
      ...drawn,
      ...size,
      x: { label: xLabel, type: xScale, ...(xScale === 'log' ? { tickFormat: '~g' } : {}) },
      y: { label: yLabel, type: yScale, grid: true, nice: true, tickFormat: '~g', ...domainOf(series.flatMap(({ y }) => y)) },
      color: { domain: named.map(({ name }) => name), range: palette, legend: named.length > 1 },
      marks: [
        Plot.ruleY([...rules], { strokeDasharray: '4 3', strokeOpacity: 0.6 }),
        ...[...series].sort((a, b) => Number(b.faint ?? false) - Number(a.faint ?? false)).map((each) => line(each, yScale === 'log')),
      ],
    }),
  )
}

/** Draws a confusion matrix: rows are the true classes, columns the predicted ones; shades are shares of a row. */
export const confusionChart = (counts: readonly (readonly number[])[], names: readonly string[]): string => {
  const cells = counts.flatMap((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0)
    return row.map((count, predicted) => ({
      truth: names[truth],
      predicted: names[predicted],
      count,
      share: total === 0 ? 0 : count / total,
    }))
  })
  const side = Math.min(620, 120 + 46 * names.length)
  return outer(
    Plot.plot({
      ...drawn,
      width: side,
      height: side - 30,
      marginLeft: 70,
      marginBottom: 46,
      x: { label: 'predicted', domain: names, tickSize: 0 },
      y: { label: 'true', domain: names, tickSize: 0 },
      // Square roots make the few mistakes visible beside the many right ones.
      color: { type: 'sqrt', range: ['#f3f6fc', '#1f4fae'], domain: [0, 1] },
      marks: [
        Plot.cell(cells, { x: 'predicted', y: 'truth', fill: 'share', inset: 0.5, rx: 2 }),
        Plot.text(cells, {
          x: 'predicted',
          y: 'truth',
          text: ({ count }: { count: number }) => (count === 0 ? '' : String(count)),
          fill: ({ share }: { share: number }) => (share > 0.3 ? 'white' : '#26324a'),
          fontSize: 11,
        }),
      ],
    }),
  )
}

/** Draws points, such as predictions over truths; `diagonal` adds the line of equality. */
export const scatterChart = (
  points: readonly { readonly x: number; readonly y: number }[],
  labels: { readonly x: string; readonly y: string; readonly diagonal?: boolean; readonly logX?: boolean },
): string =>
  outer(
    Plot.plot({
      ...drawn,
      ...size,
      x: { label: labels.x, grid: true, ...(labels.logX === true ? { type: 'log', tickFormat: '~g' } : {}) },
      y: { label: labels.y, grid: true, nice: true },
      marks: [
        ...(labels.diagonal === true
          ? [
              Plot.link([0], {
                x1: Math.min(...points.map(({ x }) => x)),
                x2: Math.max(...points.map(({ x }) => x)),
                y1: Math.min(...points.map(({ x }) => x)),
                y2: Math.max(...points.map(({ x }) => x)),
                strokeOpacity: 0.5,
                strokeDasharray: '4 3',
              }),
            ]
          : []),
        Plot.dot(points, { x: 'x', y: 'y', r: 3, fill: palette[0] as string, fillOpacity: 0.6 }),
      ],
    }),
  )
