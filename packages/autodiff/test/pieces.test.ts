import { expect, test } from 'vitest'
import { grad } from '@grad-ts/autodiff'
import * as t from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import { checkGradient } from '@grad-ts/testkit'

const x = t.evaluate(t.normal(t.key(1), [3, 8], { dtype: 'float64' }))
const cut = (y: Tensor, start: number, end: number, axis = 1): Tensor => t.sliceAxis(y, axis, { start, end })

const ops = (fn: (x: Tensor) => Tensor): string[] => {
  const placeholder = t.input('x', [3, 8], 'float64')
  return t.topologicalOrder([grad(fn)(placeholder)]).map(({ op }) => op)
}

const gates = (y: Tensor): Tensor => {
  const [a, b, c, d] = t.split(y, [2, 2, 2, 2], 1) as [Tensor, Tensor, Tensor, Tensor]
  return t.sum(t.mul(t.mul(t.tanh(a), t.sin(b)), t.mul(t.sigmoid(c), d)))
}

const cases: Readonly<Record<string, (y: Tensor) => Tensor>> = {
  'gates side by side': gates,
  'gaps at both ends and between': (y) => t.sum(t.mul(t.sin(cut(y, 1, 3)), t.exp(cut(y, 5, 7)))),
  'overlapping cuts': (y) => t.sum(t.mul(t.sin(cut(y, 0, 4)), t.mul(t.exp(cut(y, 2, 6)), cut(y, 4, 8)))),
  'the same cut twice': (y) => t.add(t.sum(t.sin(cut(y, 0, 2))), t.sum(t.exp(cut(y, 0, 2)))),
  'cuts along two axes, with steps, and the whole': (y) =>
    t.add(
      t.add(t.sum(t.sin(cut(y, 0, 1, 0))), t.sum(t.exp(cut(y, 3, 8)))),
      t.sum(t.mul(t.slice(y, [{ step: 2 }, { step: -3 }]), t.mean(t.square(y)))),
    ),
}

test.each(Object.entries(cases))('%s have the right gradient, of both orders', (_, fn) => {
  expect(checkGradient(fn, [x], { order: 2 })).toMatchObject({ passed: true })
})

test('cuts side by side are joined once; a single one is padded', () => {
  expect(ops(gates).filter((op) => op === 'concat')).toHaveLength(1)
  expect(ops(gates)).not.toContain('pad')
  expect(ops((y) => t.sum(t.sin(cut(y, 1, 3))))).toContain('pad')
})
