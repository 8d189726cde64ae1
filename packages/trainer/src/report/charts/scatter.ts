import * as Plot from '@observablehq/plot'
import { extentOf } from '../extent.ts'
import { drawn, outer, palette, scaleOf, size } from './drawing.ts'

export interface ScatterPoint {
  readonly x: number
  readonly y: number
  /** Points of a group have one colour, named in a legend. */
  readonly group?: string
}

export interface ScatterOptions {
  /** The names of the axes. */
  readonly x: string
  readonly y: string
  /** Adds the line of equality. */
  readonly diagonal?: boolean
  readonly logX?: boolean
  /** A point to be circled. */
  readonly chosen?: { readonly x: number; readonly y: number }
}

const diagonalOf = (points: readonly ScatterPoint[]): Plot.Markish => {
  const [low, high] = extentOf(points.map(({ x }) => x))
  return Plot.link([0], { x1: low, x2: high, y1: low, y2: high, strokeOpacity: 0.5, strokeDasharray: '4 3' })
}

/**
 * Draws points as an SVG, such as predictions over truths.
 *
 * @example
 * import { scatterChart } from '@grad-ts/trainer/report'
 * scatterChart([{ x: 1, y: 1.2 }, { x: 2, y: 1.9 }], { x: 'true', y: 'predicted', diagonal: true }).startsWith('<svg') // => true
 */
export const scatterChart = (points: readonly ScatterPoint[], { x, y, diagonal = false, logX = false, chosen }: ScatterOptions): string => {
  const groups = [...new Set(points.flatMap(({ group }) => group ?? []))]
  return outer(
    Plot.plot({
      ...drawn,
      ...size,
      x: { label: x, grid: true, ...scaleOf(logX ? 'log' : 'linear') },
      y: { label: y, grid: true, nice: true },
      color: { domain: groups, range: palette, legend: groups.length > 1 },
      marks: [
        ...(diagonal ? [diagonalOf(points)] : []),
        Plot.dot(points, { x: 'x', y: 'y', r: 3, fill: groups.length > 1 ? 'group' : palette[0], fillOpacity: 0.6 }),
        ...(chosen === undefined ? [] : [Plot.dot([chosen], { x: 'x', y: 'y', r: 7, stroke: palette[1], strokeWidth: 2 })]),
      ],
    }),
  )
}
