import { expect, test } from 'vitest'
import { checkConvergence, convergenceProblems } from '../src/gpu/convergence.ts'

test.each(convergenceProblems)('%s: mixed precision reaches the loss of float32', async (problem) => {
  const { start, float32, mixed, difference, skipped } = await checkConvergence(problem, 'cpu')
  expect(float32).toBeLessThan(0.5 * start)
  expect(mixed).toBeLessThan(0.5 * start)
  expect(difference).toBeLessThan(2e-2)
  expect(skipped).toBeLessThan(5)
})
