import * as Plot from '@observablehq/plot'
import { extentOf } from '../extent.ts'
import { drawn, outer, palette, scaleOf, size } from './drawing.ts'

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
  /** Lines at an x with a word to it, such as the moment of a change. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[]
}

interface Point {
  readonly name: string
  readonly x: number
  readonly y: number
}

const pointsOf = ({ name, x, y }: Series, positive: boolean): Point[] =>
  x.flatMap((at, i) => {
    const value = y[i] as number
    return Number.isFinite(value) && (!positive || value > 0) ? [{ name, x: at, y: value }] : []
  })

/** A faint line has the colour of the first full one and stays out of the legend. */
const line = (series: Series, positive: boolean): Plot.Markish => {
  const points = pointsOf(series, positive)
  if (series.faint === true) return Plot.line(points, { x: 'x', y: 'y', stroke: palette[0], strokeOpacity: 0.3, strokeWidth: 1 })
  if (points.length === 1) return Plot.dot(points, { x: 'x', y: 'y', fill: 'name' })
  return Plot.line(points, { x: 'x', y: 'y', stroke: 'name', strokeWidth: 2 })
}

/** A constant needs room around it: otherwise its axis has no length. */
const domainOf = (values: readonly number[]): { readonly domain?: readonly [number, number] } => {
  const [low, high] = extentOf(values)
  return low === high && low > 0 ? { domain: [low / 2, low * 2] } : {}
}

/**
 * Draws lines as an SVG, with a legend when there are several.
 *
 * @example
 * import { lineChart } from '@grad-ts/trainer/report'
 * lineChart({ xLabel: 'step', yLabel: 'loss', series: [{ name: 'loss', x: [1, 2], y: [3, 1] }] }).startsWith('<svg') // => true
 */
export const lineChart = ({ xLabel, yLabel, series, xScale, yScale, rules = [], marks = [] }: LineChart): string => {
  const named = series.filter(({ faint }) => faint !== true)
  return outer(
    Plot.plot({
      ...drawn,
      ...size,
      x: { label: xLabel, ...scaleOf(xScale) },
      y: { label: yLabel, grid: true, nice: true, ...scaleOf(yScale), tickFormat: '~g', ...domainOf(series.flatMap(({ y }) => y)) },
      color: { domain: named.map(({ name }) => name), range: palette, legend: named.length > 1 },
      marks: [
        Plot.ruleY([...rules], { strokeDasharray: '4 3', strokeOpacity: 0.6 }),
        ...[...series].sort((a, b) => Number(b.faint ?? false) - Number(a.faint ?? false)).map((each) => line(each, yScale === 'log')),
        Plot.ruleX(marks, { x: 'x', strokeDasharray: '4 3', strokeOpacity: 0.6 }),
        Plot.text(marks, { x: 'x', text: 'label', frameAnchor: 'top', textAnchor: 'start', dx: 6, dy: 4, fill: 'currentColor' }),
      ],
    }),
  )
}
