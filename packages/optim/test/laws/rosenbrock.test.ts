import { add, evaluate, interpret, mul, square, sub, sum, tensor, toNumber } from '@grad-ts/tensor'
import type { Tensor } from '@grad-ts/tensor'
import type { Tree } from '@grad-ts/tree'
import { expect, test } from 'vitest'
import { applyUpdates, scheduleFreeEvalParams } from '../../src/index.ts'
import { make, optimizers } from './table.ts'

type Point = { readonly x: Tensor; readonly y: Tensor }

/** ((1 − x)² + 100·(y − x²)²)/100: a curved valley, scaled so that one step size suits it and the parabola. */
const rosenbrock = ({ x, y }: Point): Tensor => mul(add(square(sub(1, x)), mul(100, square(sub(y, square(x))))), 1 / 100)

const gradientOf = ({ x, y }: Point): Point => {
  const wall = mul(sub(y, square(x)), 2)
  return { x: sub(mul(sub(x, 1), 0.02), mul(wall, mul(x, 2))), y: wall }
}

const start: Point = { x: tensor([-0.5], { dtype: 'float64' }), y: tensor([1.5], { dtype: 'float64' }) }
const value = (point: Point): number => toNumber(rosenbrock(point))

test.each(optimizers.map((row) => [row[0], row] as const))('%s goes down the valley of Rosenbrock', (name, row) => {
  const rule = make(row)
  const run = interpret((params: Point, state: Tree<Tensor>) => {
    const [updates, next] = rule.update(gradientOf(params), state, { params, value: sum(rosenbrock(params)) })
    return { params: applyUpdates(params, updates) as Point, state: next }
  })
  let params = start
  let state = evaluate(rule.init(params)) as Tree<Tensor>
  for (let i = 0; i < 5 * row[2]; i++) ({ params, state } = run(params, state) as unknown as { params: Point; state: Tree<Tensor> })
  const reached = name.startsWith('scheduleFree') ? (scheduleFreeEvalParams(state as never, params) as Point) : params
  expect(value(reached)).toBeLessThan(0.1 * value(start))
})
