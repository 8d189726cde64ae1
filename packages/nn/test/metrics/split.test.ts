import type { Metric } from '@grad-ts/nn'
import { evaluate, gather, interpret, tensor, toArray } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { leaves } from '@grad-ts/tree'
import type { Tree } from '@grad-ts/tree'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { columnsOf, metrics, rows } from './table.ts'
import type { Columns } from './table.ts'

const part = ({ outputs, targets, weights }: Columns, numbers: readonly number[]): Columns => {
  const take = (x: Tensor): Tensor => evaluate(gather(x, tensor([...numbers], { dtype: 'int32' })))
  return { outputs: take(outputs), targets: take(targets), weights: take(weights) }
}

const stateOf = (metric: Metric, state: Tree<Tensor>, columns: Columns): Tree<Tensor> =>
  evaluate(metric.update(state, columns.outputs, columns.targets, columns.weights)) as Tree<Tensor>

const resultOf = (metric: Metric, state: Tree<Tensor>): number[] => Array.from((evaluate(metric.result(state)) as Constant).attributes.data)

const same = (got: readonly number[], wanted: readonly number[]): void =>
  got.forEach((value, i) =>
    expect(Math.abs(value - (wanted[i] as number))).toBeLessThanOrEqual(2e-5 * Math.max(1, Math.abs(wanted[i] as number))),
  )

/** Cuts 0 … rows − 1 into consecutive parts. */
const cuts = fc.uniqueArray(fc.integer({ min: 1, max: rows - 1 }), { maxLength: 4 }).map((places) => {
  const edges = [0, ...places.toSorted((a, b) => a - b), rows]
  return edges.slice(1).map((end, i) => Array.from({ length: end - (edges[i] as number) }, (_, k) => (edges[i] as number) + k))
})

describe.each(metrics.map(([metric, kind], i) => [`${metric.name} (${i})`, metric, kind] as const))('%s', (_, metric, kind) => {
  test('gives the same for any split of the data, updated in turn or combined', () => {
    fc.assert(
      fc.property(columnsOf(kind), cuts, (columns, parts) => {
        const whole = resultOf(metric, stateOf(metric, metric.empty, columns))
        const inTurn = parts.reduce((state, numbers) => stateOf(metric, state, part(columns, numbers)), metric.empty)
        same(resultOf(metric, inTurn), whole)
        const apart = parts.map((numbers) => stateOf(metric, metric.empty, part(columns, numbers)))
        const combined = apart.reduceRight((right, left) => metric.combine(left, right), metric.empty)
        same(resultOf(metric, combined), whole)
      }),
      { numRuns: 15 },
    )
  })

  test('does not count rows of weight 0', () => {
    fc.assert(
      fc.property(columnsOf(kind), (columns) => {
        const counted = (toArray(columns.weights) as number[]).flatMap((weight, i) => (weight > 0 ? [i] : []))
        if (counted.length === 0) return
        same(
          resultOf(metric, stateOf(metric, metric.empty, part(columns, counted))),
          resultOf(metric, stateOf(metric, metric.empty, columns)),
        )
      }),
      { numRuns: 10 },
    )
  })

  test('measures nothing as a number, in float32, and keeps the shapes of its state', () => {
    expect(resultOf(metric, metric.empty).every(Number.isFinite)).toBe(true)
    const [columns] = fc.sample(columnsOf(kind), { numRuns: 1, seed: 1 }) as [Columns]
    const update = interpret((state: Tree<Tensor>, { outputs, targets, weights }: Columns) =>
      metric.update(state, outputs, targets, weights),
    )
    const next = update(metric.empty, columns) as Tree<Tensor>
    expect(leaves<Tensor>(next).map(({ shape, dtype }) => [shape, dtype])).toEqual(
      leaves<Tensor>(metric.empty).map(({ shape }) => [shape, 'float32']),
    )
  })
})
