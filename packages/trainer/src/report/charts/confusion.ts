import * as Plot from '@observablehq/plot'
import type { Tensor } from '@grad-ts/tensor'
import { rowsOf } from '../rows.ts'
import { drawn, outer } from './drawing.ts'

const show = (count: number): string => (count === 0 ? '' : Number.isInteger(count) ? String(count) : count.toPrecision(3))

/**
 * Draws a confusion matrix: rows are the true classes, columns the predicted ones; shades are shares of a row.
 *
 * @param counts `[classes, classes]`, as the metric `confusionMatrix` gives them
 * @param names of the classes
 */
export const confusionChart = (counts: Tensor | readonly (readonly number[])[], names: readonly string[]): string => {
  const cells = rowsOf(counts).flatMap((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0)
    return row.map((count, predicted) => ({
      truth: names[truth],
      predicted: names[predicted],
      count,
      share: total === 0 ? 0 : count / total,
    }))
  })
  const longest = Math.max(...names.map(({ length }) => length))
  const side = Math.min(620, 120 + 46 * names.length)
  return outer(
    Plot.plot({
      ...drawn,
      width: side,
      height: side - 30,
      marginLeft: Math.max(50, 20 + 7 * longest),
      marginBottom: 46,
      x: { label: 'predicted', domain: names, tickSize: 0, ...(longest * 7 * names.length > side - 100 ? { tickRotate: -30 } : {}) },
      y: { label: 'true', domain: names, tickSize: 0 },
      // Square roots make the few mistakes visible beside the many right ones.
      color: { type: 'sqrt', range: ['#f3f6fc', '#1f4fae'], domain: [0, 1] },
      marks: [
        Plot.cell(cells, { x: 'predicted', y: 'truth', fill: 'share', inset: 0.5, rx: 2 }),
        Plot.text(cells, {
          x: 'predicted',
          y: 'truth',
          text: ({ count }: { count: number }) => show(count),
          fill: ({ share }: { share: number }) => (share > 0.3 ? 'white' : '#26324a'),
          fontSize: 11,
        }),
      ],
    }),
  )
}
