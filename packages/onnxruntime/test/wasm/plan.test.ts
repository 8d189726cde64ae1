import { expect, test } from 'vitest'
import { add, evaluate, matmul, mul, sub, sum, zeros } from '@grad-ts/tensor'
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

test('several steps in one run leave the loop when kernels have enough to do', () => {
  const many = (length: number, operations: number) =>
    graphOf(
      ((w: Tensor) => [Array.from({ length: operations }).reduce<Tensor>((x) => mul(x, 0.5), w), sum(w)]) as never,
      evaluate(zeros([length])) as Constant,
      evaluate(zeros([1])) as Constant,
    )
  expect(isSplit(many(10_000, 20), { stepsPerRun: 10 })).toBe(false)
  expect(isSplit(many(100_000, 20), { stepsPerRun: 10 })).toBe(true)
})

test('several steps in one run stay in the loop when the session would have to hand out as much as kernels do', () => {
  const size = 1000
  const descent = (operations: number) =>
    graphOf(
      ((w: Tensor) => {
        const gradient = Array.from({ length: operations }).reduce<Tensor>((x) => mul(x, 0.5), matmul(w, w))
        return [sub(w, gradient), sum(w)]
      }) as never,
      evaluate(zeros([size, size])) as Constant,
      evaluate(zeros([1])) as Constant,
    )
  expect(isSplit(descent(2), { stepsPerRun: 10 })).toBe(false)
  expect(isSplit(descent(20), { stepsPerRun: 10 })).toBe(true)
})

test('a step without chains, or without anything for the session, stays whole', () => {
  const matrix = evaluate(zeros([3, 3])) as Constant
  expect(isSplit(graphOf(((w: Tensor) => [matmul(w, w), null]) as never, matrix, matrix), {})).toBe(false)
  expect(isSplit(graphOf(((w: Tensor) => [add(w, w), null]) as never, matrix, matrix), {})).toBe(false)
})
