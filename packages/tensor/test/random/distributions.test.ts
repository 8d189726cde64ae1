import { expect, test } from 'vitest'
import {
  bernoulli,
  broadcastTo,
  categorical,
  dropout,
  erf,
  evaluate,
  key,
  normal,
  ones,
  permutation,
  scalar,
  splitKey,
  tensor,
  toArray,
  toNumber,
  truncatedNormal,
  uniform,
} from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { chiSquareScore, correlation, histogram, moment } from './statistics.ts'

const size = 1 << 17
const valuesOf = (x: Tensor): ArrayLike<number> => evaluate(x).attributes.data
const extreme = (values: ArrayLike<number>, pick: (a: number, b: number) => number): number =>
  Array.from(values).reduce((a, b) => pick(a, b))
const near = (actual: number, expected: number, deviation: number): void => expect(Math.abs(actual - expected)).toBeLessThan(5 * deviation)

const normalCdf = (z: number): number => (1 + toNumber(erf(scalar(z / Math.SQRT2, 'float64')))) / 2

test('uniform numbers have the moments and the histogram of the unit interval', () => {
  const draws = valuesOf(uniform(key(1), [size]))
  near(moment(draws, 1), 1 / 2, Math.sqrt(1 / 12 / size))
  near(moment(draws, 2, 0.5), 1 / 12, Math.sqrt(1 / 180 / size))
  expect(
    Math.abs(
      chiSquareScore(
        histogram(draws, 1000, (u) => Math.floor(u * 1000)),
        () => size / 1000,
      ),
    ),
  ).toBeLessThan(5)
  expect(extreme(draws, Math.min)).toBeGreaterThan(0)
  expect(extreme(draws, Math.max)).toBeLessThan(1)
})

test('uniform bounds may be numbers or tensors', () => {
  const byNumber = valuesOf(uniform(key(2), [1000], { low: -3, high: 5 }))
  const byTensor = valuesOf(uniform(key(2), [1000], { low: tensor([-3]), high: tensor([5]) }))
  for (let i = 0; i < 1000; i++) expect(byTensor[i]).toBeCloseTo(byNumber[i] as number, 5)
  expect(uniform(key(2), [3], { dtype: 'float64' }).dtype).toBe('float64')
})

test('normal numbers have the moments and the histogram of the bell curve', () => {
  const draws = valuesOf(normal(key(3), [size]))
  near(moment(draws, 1), 0, Math.sqrt(1 / size))
  near(moment(draws, 2), 1, Math.sqrt(2 / size))
  near(moment(draws, 3), 0, Math.sqrt(15 / size))
  near(moment(draws, 4), 3, Math.sqrt(96 / size))
  const edges = Array.from({ length: 41 }, (_, i) => (i - 20) / 8)
  const counts = histogram(draws, 42, (z) => Math.min(41, Math.max(0, Math.floor(z * 8) + 21)))
  const probability = (i: number): number => normalCdf(edges[i] ?? Infinity) - normalCdf(edges[i - 1] ?? -Infinity)
  expect(Math.abs(chiSquareScore(counts, (i) => size * probability(i)))).toBeLessThan(5)
})

test('the two halves of a normal draw do not go together', () => {
  const draws = Array.from(valuesOf(normal(key(4), [size])))
  const [left, right] = [draws.slice(0, size / 2), draws.slice(size / 2)]
  const squared = (values: number[]): number[] => values.map((z) => z * z)
  near(correlation(left, right), 0, Math.sqrt(2 / size))
  near(correlation(squared(left), squared(right)), 0, Math.sqrt(2 / size))
})

test('normal takes mean, spread, dtype, odd and empty shapes', () => {
  const draws = valuesOf(normal(key(5), [3, 10001], { mean: 2, stddev: 0.5 }))
  near(moment(draws, 1), 2, 0.5 / Math.sqrt(30003))
  near(Math.sqrt(moment(draws, 2, 2)), 0.5, 0.5 / Math.sqrt(60006))
  expect(normal(key(5), [], { dtype: 'float64' }).dtype).toBe('float64')
  expect(toArray(normal(key(5), [0, 3]))).toEqual([])
})

test('truncated normal numbers stay inside and have the moments of the cut bell', () => {
  const draws = valuesOf(truncatedNormal(key(6), [size], { stddev: 3 }))
  expect(extreme(Array.from(draws, Math.abs), Math.max)).toBeLessThanOrEqual(6)
  near(moment(draws, 1), 0, 3 / Math.sqrt(size))
  // Variance of a unit normal cut at ±2: 1 − 2·2·φ(2) / (2Φ(2) − 1).
  near(moment(draws, 2) / 9, 1 - (4 * Math.exp(-2)) / Math.sqrt(2 * Math.PI) / (2 * normalCdf(2) - 1), 1.5 / Math.sqrt(size))
})

test.each([0, 0.001, 0.3, 0.5, 0.999, 1])('bernoulli is true with probability %d', (p) => {
  for (const probability of [p, tensor([p])]) {
    const share = moment(valuesOf(bernoulli(key(7), probability, [size])), 1)
    near(share, p, Math.sqrt((p * (1 - p)) / size) + 1e-7)
  }
})

test.each([0.25, 0.1, 0.999])('dropout keeps the mean, zeroes the share %d and scales the rest', (rate) => {
  const kept = valuesOf(dropout(key(8), ones([size - 1]), rate))
  const keep = Math.round((1 - rate) * 65536) / 65536
  expect(new Set(Array.from(kept))).toEqual(new Set([0, Math.fround(1 / keep)]))
  near(moment(kept, 1), 1, Math.sqrt(rate / (1 - rate) / size))
})

test('dropout of nothing is the tensor itself', () => {
  const x = ones([3])
  expect(dropout(key(0), x, 0)).toBe(x)
})

test('categorical draws classes in proportion to exp(logits)', () => {
  const weights = [1, 2, 3, 10]
  const rows = broadcastTo(tensor(weights.map(Math.log)), [1 << 14, 4])
  const counts = histogram(valuesOf(categorical(key(9), rows)), 4, (i) => i)
  expect(Math.abs(chiSquareScore(counts, (i) => ((1 << 14) * (weights[i] as number)) / 16))).toBeLessThan(5)
})

test('permutation is one, and every place is equally likely for every number', () => {
  const counts = new Int32Array(36)
  const rounds = 3000
  for (const each of splitKey(key(10), rounds)) {
    const order = toArray(permutation(each, 6)) as number[]
    expect(order.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5])
    order.forEach((number, place) => counts[number * 6 + place]!++)
  }
  expect(Math.abs(chiSquareScore(counts, () => rounds / 6))).toBeLessThan(5)
})

test('the same key gives the same numbers, another key others', () => {
  expect(toArray(normal(key(1), [4]))).toEqual(toArray(normal(key(1), [4])))
  expect(toArray(normal(key(1), [4]))).not.toEqual(toArray(normal(key(2), [4])))
})

test('impossible parameters are refused', () => {
  expect(() => dropout(key(0), ones([2]), 1)).toThrowError('expected a rate from 0 to below 1, got 1')
  expect(() => bernoulli(key(0), 2, [2])).toThrowError('expected a probability from 0 to 1, got 2')
})
