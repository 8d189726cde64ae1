import { grad } from '@grad-ts/autodiff'
import { cast, evaluate, sum, tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lossRows } from './reference.ts'
import type { Kind } from './reference.ts'

const [batch, size] = [3, 4]

// A grid, so that squares of what is drawn do not underflow.
const number = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min: min * 1000, max: max * 1000 }).map((value) => value / 1000)

const numbers: Readonly<Record<Exclude<Kind, 'distribution' | 'class'>, fc.Arbitrary<number>>> = {
  real: number(-5, 5),
  probability: number(0.01, 0.99),
  positive: number(0.1, 4),
  sign: fc.constantFrom(-1, 1),
  bit: fc.constantFrom(0, 1),
}

const rowOf = (kind: Kind): fc.Arbitrary<number[]> => {
  if (kind === 'class') return fc.integer({ min: 0, max: size - 1 }).map((label) => [label])
  const many = (each: fc.Arbitrary<number>) => fc.array(each, { minLength: size, maxLength: size })
  if (kind !== 'distribution') return many(numbers[kind])
  return many(numbers.positive).map((row) => row.map((value) => value / row.reduce((a, b) => a + b)))
}

const rowsOf = (kind: Kind): fc.Arbitrary<number[][]> => fc.array(rowOf(kind), { minLength: batch, maxLength: batch })

const asTensor = (kind: Kind, rows: readonly number[][]): Tensor =>
  kind === 'class' ? tensor(rows.flat(), { dtype: 'int32' }) : tensor(rows, { dtype: 'float64' })

const extremes: Readonly<Partial<Record<Kind, number[]>>> = {
  real: [1e4, -1e4, 0, 1e4],
  probability: [0, 1, 1, 0],
  positive: [1e4, 1e4, 1e-4, 1],
  sign: [1, -1, 1, -1],
}

// Losses that grow as exp(x) overflow rightly for x above 88.
const exponential = new Set(['poissonNegativeLogLikelihood', 'generalizedKlDivergence', 'klDivergenceWithLogTargets'])

describe.each(lossRows.map((row) => [row.name, row] as const))('%s', (_, row) => {
  test('follows its formula', () => {
    fc.assert(
      fc.property(rowsOf(row.first), rowsOf(row.second), (first, second) => {
        const got = evaluate(row.loss(asTensor(row.first, first), asTensor(row.second, second)))
        const wanted = first.flatMap((values, i) => row.reference(values, second[i] as number[]))
        expect(got.shape).toEqual(wanted.length === batch ? [batch] : [batch, size])
        wanted.forEach((value, i) =>
          expect(Math.abs((got.attributes.data[i] as number) - value)).toBeLessThan(1e-9 * Math.max(1, Math.abs(value))),
        )
      }),
      { numRuns: 30 },
    )
  })

  test('keeps value and gradient finite for inputs of ±10,000 and 0', () => {
    const first = [exponential.has(row.name) ? [80, -1e4, 0, 1] : (extremes[row.first] ?? [1, 0, 0, 0])]
    const second = [row.second === 'class' ? [2] : row.second === 'real' ? [0, 0, 0, 0] : (extremes[row.second] ?? [0, 1, 0, 0])]
    const [x, y] = [asTensor(row.first, first), asTensor(row.second, second)]
    const narrow = (value: Tensor): Tensor => (value.dtype === 'float64' ? evaluate(cast(value, 'float32')) : value)
    const of = (p: Tensor): Tensor => sum(row.loss(p, narrow(y)))
    const results = evaluate({ value: of(narrow(x)), gradient: grad(of)(narrow(x)) })
    expect([...results.value.attributes.data, ...results.gradient.attributes.data].filter((value) => !Number.isFinite(value))).toEqual([])
  })
})
