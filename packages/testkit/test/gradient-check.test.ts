import { expect, test } from 'vitest'
import { add, exp, mul, sin, stopGradient, sub, tensor } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { checkGradient } from '@grad-ts/testkit'

const args = [tensor([0.3, -0.7, 1.2], { dtype: 'float64' })]
const right = (x: Tensor): Tensor => mul(sin(x), exp(x))

/** Has the value of `fn` and a derivative that is wrong by a factor. */
const planted =
  (fn: (x: Tensor) => Tensor, factor: number) =>
  (x: Tensor): Tensor => {
    const y = fn(x)
    return add(stopGradient(y), mul(sub(y, stopGradient(y)), factor))
  }

test.each([1, 2] as const)('a right rule passes (order %d)', (order) => {
  expect(checkGradient(right, args, { order })).toMatchObject({ passed: true })
})

test('a rule that is wrong by a millionth is caught', () => {
  expect(checkGradient(planted(right, 1 + 1e-6), args)).toMatchObject({ passed: false })
})

test('a rule whose second derivative alone is wrong is caught at order 2', () => {
  // The gradient has the right value but forgets that it depends on x.
  const forgetful = (x: Tensor): Tensor => {
    const slope = stopGradient(add(mul(exp(x), sin(x)), mul(exp(x), sin(add(x, Math.PI / 2)))))
    return add(stopGradient(right(x)), mul(slope, sub(x, stopGradient(x))))
  }
  expect(checkGradient(forgetful, args)).toMatchObject({ passed: true })
  expect(checkGradient(forgetful, args, { order: 2 })).toMatchObject({ passed: false })
})

test('a gradient that is not a number fails', () => {
  expect(checkGradient(planted(right, Number.NaN), args)).toMatchObject({ passed: false })
})

test.each(['float32', 'float16'] as const)('%s has a tolerance of its own', (dtype) => {
  expect(checkGradient(right, args, { dtype })).toMatchObject({ passed: true })
  expect(checkGradient(planted(right, 1.5), args, { dtype })).toMatchObject({ passed: false })
})
