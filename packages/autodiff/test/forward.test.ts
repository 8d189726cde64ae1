import { expect, test } from 'vitest'
import { grad, hessianVectorProduct, jvp } from '@grad-ts/autodiff'
import * as t from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'

const at = (...values: number[]): Tensor => t.tensor(values, { dtype: 'float64' })
const close = (actual: Tensor, expected: Tensor): void => {
  const [left, right] = [actual, expected].map((x) => Array.from(t.evaluate(x).attributes.data)) as [number[], number[]]
  left.forEach((value, i) => expect(value).toBeCloseTo(right[i] as number, 10))
}

const model = ({ w, b }: { w: Tensor; b: Tensor }): { y: Tensor; n: Tensor } => {
  const y = t.tanh(t.add(t.matmul(w, w), b))
  return { y, n: t.sum(t.square(y), { axes: 0 }) }
}

test('jvp agrees with differences along the tangent', () => {
  const params = { w: t.reshape(at(0.1, -0.4, 0.3, 0.7), [2, 2]), b: at(0.2, -0.1) }
  const tangents = { w: t.reshape(at(1, 2, -1, 0.5), [2, 2]), b: at(-2, 1) }
  const [outputs, pushed] = jvp(model, params, tangents)
  const shifted = (step: number) => model({ w: t.add(params.w, t.mul(tangents.w, step)), b: t.add(params.b, t.mul(tangents.b, step)) })
  const [ahead, behind] = [shifted(1e-5), shifted(-1e-5)]
  close(outputs.y, model(params).y)
  for (const name of ['y', 'n'] as const) {
    const quotient = t.div(t.sub(ahead[name], behind[name]), 2e-5)
    close(t.round(t.mul(pushed[name], 1e6)), t.round(t.mul(quotient, 1e6)))
  }
})

test('an output that does not depend on the parameters has the tangent 0', () => {
  const [, pushed] = jvp(() => t.ones([2], 'float64'), at(1), at(1))
  close(pushed, at(0, 0))
})

const loss = (x: Tensor): Tensor => t.sum(t.mul(t.exp(x), t.cumsum(t.square(x))))

test('a Hessian product is a row combination of the Hessian, and symmetric', () => {
  const x = at(0.3, -0.5, 0.8)
  const product = hessianVectorProduct(loss)
  const rows = [0, 1, 2].map((i) => grad((y: Tensor) => t.reshape(t.slice(grad(loss)(y), [{ start: i, end: i + 1 }]), []))(x))
  const vector = at(2, -1, 0.5)
  close(product(x, vector), t.matmul(t.stack(rows), t.reshape(vector, [3, 1])))
  const other = at(1, 1, 3)
  close(t.vdot(product(x, vector), other), t.vdot(product(x, other), vector))
})

test('orders compose: the fourth derivative of x⁵ is 120·x', () => {
  const power = (x: Tensor): Tensor => t.pow(x, 5)
  close(grad(grad(grad(grad(power))))(t.scalar(2, 'float64')), t.scalar(240, 'float64'))
})
