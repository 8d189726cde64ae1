import type { Tree } from '@grad-ts/tree'
import { sizeOf, toNumber } from '@grad-ts/tensor'
import type { Constant } from '@grad-ts/tensor'
import { interpreted, settle } from '../internal/settle.ts'
import type { AnyMetric } from './objective.ts'
import type { Evaluation } from './events.ts'

/** What batches add up to: loss sums in double precision, and the state of every metric. */
export interface Tally {
  readonly total: number
  readonly weight: number
  readonly metrics: Readonly<Record<string, Tree<Constant>>>
}

export interface Tallier {
  readonly empty: Tally
  /** Takes in the sums of one batch. */
  readonly add: (tally: Tally, total: number, weight: number, metrics: Readonly<Record<string, Tree<Constant>>>) => Tally
  /** The loss, and the metrics that are one number. */
  readonly result: (tally: Tally) => Evaluation
  /** The metrics that are more than one number, such as a confusion matrix. */
  readonly arrays: (tally: Tally) => Readonly<Record<string, Constant>>
}

/** Adds up batches of any sizes; metrics combine as the monoids they are. */
export const tallierOf = (metrics: Readonly<Record<string, AnyMetric<never, never>>>): Tallier => {
  const names = Object.keys(metrics)
  const combine = Object.fromEntries(
    Object.entries(metrics).map(([name, metric]) => [name, interpreted((a, b) => metric.combine(a ?? null, b ?? null))]),
  )
  const result = Object.fromEntries(
    Object.entries(metrics).map(([name, metric]) => [name, interpreted((state) => metric.result(state ?? null))]),
  )
  const isNumber = (name: string): boolean => {
    const metric = metrics[name] as AnyMetric<never, never>
    return sizeOf(metric.result(metric.empty).shape) === 1
  }
  const valuesOf = (tally: Tally, wanted: readonly string[]): readonly (readonly [string, Constant])[] =>
    wanted.map((name) => [name, result[name]?.(tally.metrics[name] ?? null) as Constant])
  const numbers = names.filter(isNumber)
  return {
    empty: {
      total: 0,
      weight: 0,
      metrics: Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, settle(metric.empty) as Tree<Constant>])),
    },
    add: (tally, total, weight, states) => ({
      total: tally.total + total,
      weight: tally.weight + weight,
      metrics: Object.fromEntries(
        names.map((name) => [name, combine[name]?.(tally.metrics[name] ?? null, states[name] ?? null) as Tree<Constant>]),
      ),
    }),
    result: (tally) => ({
      loss: tally.total / tally.weight,
      metrics: Object.fromEntries(valuesOf(tally, numbers).map(([name, value]) => [name, toNumber(value)])),
    }),
    arrays: (tally) =>
      Object.fromEntries(
        valuesOf(
          tally,
          names.filter((name) => !isNumber(name)),
        ),
      ),
  }
}
