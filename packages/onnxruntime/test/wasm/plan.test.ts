import { expect, test } from 'vitest'
import { add, matmul, mul, sum, zeros, evaluate } from '@grad-ts/tensor'
import type { Constant, Tensor } from '@grad-ts/tensor'
import { planSplit } from '../../src/wasm/plan.ts'
import type { SplitOptions } from '../../src/wasm/plan.ts'
import { graphOf } from './run-split.ts'

const decay = (length: number) =>
  graphOf(((w: Tensor) => [mul(w, 0.5), sum(w)]) as never, evaluate(zeros([length])) as Constant, evaluate(zeros([1])) as Constant)

const isSplit = (graph: ReturnType<typeof graphOf>, options: Partial<SplitOptions>): boolean =>
  planSplit(graph, { fuse: 'auto', device: 'cpu', stepsPerRun: undefined, ...options }) !== undefined

test('single steps on the cpu are split whatever their size', () => {
  expect(isSplit(decay(2), {})).toBe(true)
  expect(isSplit(decay(2), { fuse: 'off' })).toBe(false)
})

test('other devices keep the whole step', () => {
  expect(isSplit(decay(1_000_000), { device: 'cuda' })).toBe(false)
  expect(isSplit(decay(1_000_000), { device: 'webgpu' })).toBe(false)
})

test('several steps in one run leave the loop when there is enough to do', () => {
  expect(isSplit(decay(1000), { stepsPerRun: 10 })).toBe(false)
  expect(isSplit(decay(200_000), { stepsPerRun: 10 })).toBe(true)
})

test('a step without chains, or without anything for the session, stays whole', () => {
  const matrix = evaluate(zeros([3, 3])) as Constant
  expect(isSplit(graphOf(((w: Tensor) => [matmul(w, w), null]) as never, matrix, matrix), {})).toBe(false)
  expect(isSplit(graphOf(((w: Tensor) => [add(w, w), null]) as never, matrix, matrix), {})).toBe(false)
})
